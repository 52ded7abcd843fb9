using System.Globalization;

namespace EventMl.Lake.Storage;

/// <summary>
/// Garbage collection over the whole lake. The order is what makes it safe beside writers: first the files with their ages, then who writes, then
/// which versions go, last which files the remaining ones need. A file of a running writer is younger than the writer's announcement; one whose
/// writer is done stands in a manifest by the time the manifests are read.
/// </summary>
internal sealed class Collector(ILakeStorage storage, Func<LakeKind, string, LakeTable> tableAt)
{
    private static readonly string[] s_dataFolders = ["data", "_deletions", "_rowids"];

    public async Task<LakeCollection> CollectAsync(LakeRetention retention, CancellationToken ct)
    {
        var tables = await TablesAsync(ct);
        var candidates = new List<LakeObject>();
        foreach (var table in tables)
            candidates.AddRange(await CandidatesAsync(table, ct));
        var now = await storage.NowAsync(ct);
        var deadlines = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        foreach (var table in tables)
        {
            // Object stores tell whole seconds only.
            var writer = await storage.OldestWriterAsync(table.Folder, ct) - TimeSpan.FromSeconds(1);
            var deadline = now - retention.GracePeriod!.Value;
            deadlines[table.Folder] = writer < deadline ? writer.Value : deadline;
        }

        var expired = new List<(LakeKind, string, long)>();
        var needed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var table in tables)
            await ExpireAsync(table, retention, now, deadlines[table.Folder], expired, ct);
        // After all expired manifests are marked, so that a clone made meanwhile is seen.
        foreach (var table in await TablesAsync(ct))
        {
            await foreach (var stored in table.ManifestsAsync(ct))
            {
                if (!expired.Contains((table.Kind, table.Name, stored.Manifest.Version)))
                    needed.UnionWith(stored.Manifest.Files(table.Folder).Select(f => f.Path));
            }
        }

        foreach (var (kind, name, version) in expired)
            await DeleteVersionAsync(tableAt(kind, name), version, ct);
        var (files, bytes) = (0, 0L);
        foreach (var candidate in candidates.Where(c => !needed.Contains(c.Path) && c.Modified < deadlines[TableFolder(c.Path)]))
        {
            await storage.DeleteAsync(candidate.Path, ct);
            (files, bytes) = (files + 1, bytes + candidate.Bytes);
        }

        foreach (var table in tables)
            await ForgetDoomsAsync(table, now - retention.GracePeriod!.Value, ct);
        return new LakeCollection(expired, files, bytes);
    }

    /// <summary>The datasets or models that use files of another.</summary>
    public async Task<IReadOnlyList<string>> ClonesOfAsync(LakeTable source, CancellationToken ct)
    {
        var clones = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var table in (await TablesAsync(ct)).Where(t => t.Folder != source.Folder))
        {
            await foreach (var stored in table.ManifestsAsync(ct))
            {
                if (stored.Manifest.Bases is { } bases && bases.Contains(source.Folder, StringComparer.Ordinal))
                    clones.Add(table.Name);
            }
        }

        return [.. clones];
    }

    private static string TableFolder(string path) => path[..path.IndexOf('/', path.IndexOf('/', StringComparison.Ordinal) + 1)];

    private async Task<List<LakeTable>> TablesAsync(CancellationToken ct)
    {
        var tables = new List<LakeTable>();
        foreach (var kind in Enum.GetValues<LakeKind>())
        {
            foreach (var name in await storage.ListFoldersAsync(LakeNames.Folder(kind), ct))
                tables.Add(tableAt(kind, name));
        }

        return tables;
    }

    private async Task<List<LakeObject>> CandidatesAsync(LakeTable table, CancellationToken ct)
    {
        var candidates = new List<LakeObject>();
        await foreach (var found in storage.ListAsync(table.Folder, ct))
        {
            var inside = found.Path[(table.Folder.Length + 1)..];
            var isTemporary = inside[(inside.LastIndexOf('/') + 1)..].StartsWith(DiskStorage.TemporaryPrefix, StringComparison.Ordinal);
            if (isTemporary || s_dataFolders.Any(f => inside.StartsWith(f + "/", StringComparison.Ordinal)))
                candidates.Add(found);
        }

        return candidates;
    }

    /// <summary>Dooms the versions that go.</summary>
    private async Task ExpireAsync(
        LakeTable table, LakeRetention retention, DateTimeOffset now, DateTimeOffset deadline, List<(LakeKind, string, long)> expired, CancellationToken ct)
    {
        var kept = 0;
        DateTimeOffset? superseded = null;
        await foreach (var manifest in storage.ListAsync(table.VersionsFolder, ct))
        {
            if (LakeTable.VersionOf(manifest.Path) is not { } version)
                continue;
            // What was the latest version when a writer began may be what it builds on; the storage's clock tells, not that of some writer.
            // A clock of whole seconds says that what was written just now is not older than now.
            var isOld = retention.KeepYoungerThan <= TimeSpan.Zero || superseded < now - retention.KeepYoungerThan;
            var isChosen = retention.Expired is { } chosen ? chosen.Contains((table.Kind, table.Name, version)) : kept >= retention.KeepVersions;
            var mayGo = isChosen && kept > 0 && superseded < deadline && isOld && !retention.Pinned.Contains((table.Kind, table.Name, version));
            superseded = manifest.Modified;
            if (mayGo && await DoomAsync(table, version, deadline, ct))
                expired.Add((table.Kind, table.Name, version));
            else
                kept++;
        }
    }

    // A collection that was interrupted must not keep its victims from being tagged for ever.
    private async Task ForgetDoomsAsync(LakeTable table, DateTimeOffset deadline, CancellationToken ct)
    {
        await foreach (var doom in storage.ListAsync($"{table.Folder}/_refs/doomed", ct))
        {
            if (doom.Modified < deadline)
                await storage.DeleteAsync(doom.Path, ct);
        }
    }

    // The other side is LakeStore.HoldAsync.
    private async Task<bool> DoomAsync(LakeTable table, long version, DateTimeOffset deadline, CancellationToken ct)
    {
        var doom = $"{table.Folder}/_refs/doomed/{version}";
        await storage.WriteAsync(doom, "{}"u8.ToArray(), ct);
        if (!await IsHeldAsync(table, version, deadline, ct))
            return true;
        await storage.DeleteAsync(doom, ct);
        return false;
    }

    private async Task<bool> IsHeldAsync(LakeTable table, long version, DateTimeOffset deadline, CancellationToken ct)
    {
        await foreach (var hold in storage.ListAsync($"{table.Folder}/_refs/holds/{version}", ct))
        {
            // Holders are announced writers; what is older than all of these was left by one that died.
            if (hold.Modified >= deadline)
                return true;
            await storage.DeleteAsync(hold.Path, ct);
        }

        await foreach (var tag in storage.ListAsync($"{table.Folder}/_refs/tags", ct))
        {
            if (!tag.Path.EndsWith(".json", StringComparison.Ordinal) || await storage.ReadAsync(tag.Path, ct) is not { } bytes)
                continue;
            if (LakeTag.Parse(bytes, tag.Path).Version == version)
                return true;
        }

        return false;
    }

    private async Task DeleteVersionAsync(LakeTable table, long version, CancellationToken ct)
    {
        var stored = await table.ReadAsync(version, ct);
        await storage.DeleteAsync(table.ManifestPath(version), ct);
        if (stored is not null)
            await storage.DeleteAsync(table.Notes.PathOf(stored.Manifest.Txn.Id, version), ct);
        await storage.DeleteAsync($"{table.Folder}/_refs/doomed/{version.ToString(CultureInfo.InvariantCulture)}", ct);
    }
}
