using EventMl.Arrow;
using EventMl.Lake.Data;
using EventMl.Lake.Storage;

namespace EventMl.Lake;

public sealed partial class LakeStore
{
    private const string WorkFolder = "_work";

    /// <summary>
    /// Lays a version out as the input of a script: <c>part-00000.arrow</c>, … for a dataset, the file tree for a model. Files that hold just what
    /// the version says are hard links to the lake's read-only files, or copies (see <see cref="LakeOptions.CopyOnMaterialise"/>); where rows were
    /// deleted or columns added or dropped, a part is written anew. Returns the absolute folder.
    /// </summary>
    /// <remarks>
    /// A link costs nothing but shares the bytes, so a write through it would change the lake: read-only permissions forbid that to ordinary
    /// users (to open it for writing a script would first have to change the mode). Symbolic links would not protect better, and a script
    /// could not be run in a container that mounts only its input.
    /// </remarks>
    /// <exception cref="LakeException">A file is missing or damaged.</exception>
    public async Task<string> MaterialiseAsync(LakeVersion version, string targetFolder, CancellationToken ct = default)
    {
        var (table, manifest) = Content(version);
        var folder = Path.GetFullPath(targetFolder);
        Directory.CreateDirectory(folder);
        if (manifest.Tree is not null)
        {
            foreach (var (path, file) in manifest.Files(table.Folder))
                await PlaceAsync(path, file, Path.Combine(folder, file.Path), ct);
            return folder;
        }

        var schema = manifest.Fragments.Count > 0 && manifest.Fragments.All(IsPlain) ? null : await DatasetSchema.ReadAsync(table, manifest, ct);
        if (manifest.Fragments.Count == 0)
        {
            // Scripts expect a file, and learn the columns from it.
            File.Delete(Path.Combine(folder, "part-00000.arrow"));
            using var empty = TableWriter.Create(Path.Combine(folder, "part-00000.arrow"), schema!.Arrow);
            empty.Finish();
        }

        for (var i = 0; i < manifest.Fragments.Count; i++)
        {
            var target = Path.Combine(folder, $"part-{i:D5}.arrow");
            var fragment = manifest.Fragments[i];
            if (IsPlain(fragment))
                await PlaceAsync(manifest.PathOf(table.Folder, fragment.Files[0]), fragment.Files[0], target, ct);
            else
                await WritePartAsync(table, manifest, fragment, schema!, target, ct);
        }

        return folder;

        bool IsPlain(ManifestFragment fragment) => fragment is { Deletion: null, Files: [var only] } && only.Fields.SequenceEqual(manifest.Schema.Select(f => f.Id))
            && only.Columns.SequenceEqual(Enumerable.Range(0, only.Columns.Count));
    }

    /// <summary>The local folder with a version's files, fetched first where they are remote; read them by the paths of <see cref="LakeVersion.Files"/>.</summary>
    /// <exception cref="LakeException">A file is missing.</exception>
    public async Task<string> FetchAsync(LakeVersion version, CancellationToken ct = default)
    {
        if (_local is not FetchedFiles fetched)
            return version.Path;
        var (table, manifest) = Content(version);
        foreach (var (path, file) in manifest.Files(table.Folder))
            await _local.GetAsync(path, file.Bytes, null, ct);
        return fetched.PathOf(manifest.Tree is { } tree ? $"{manifest.Base(table.Folder, tree.Base)}/{tree.Path}" : table.Folder);
    }

    /// <summary>Deletes a dataset or model with all its versions, for good; false when there is none or a commit is running.</summary>
    /// <exception cref="LakeException">The name is not allowed, or clones still need its files.</exception>
    public async Task<bool> PurgeAsync(LakeKind kind, string name, CancellationToken ct = default)
    {
        var table = Table(kind, name);
        var exists = false;
        await foreach (var _ in _storage.ListAsync(table.Folder, ct))
        {
            exists = true;
            break;
        }

        if (!exists)
            return false;
        // Writers look for the mark after they announced themselves, this looks for writers after it has set the mark.
        await _storage.WriteAsync(PurgeMark(table), "{}"u8.ToArray(), ct);
        if (await _storage.OldestWriterAsync(table.Folder, ct) is not null)
        {
            await _storage.DeleteAsync(PurgeMark(table), ct);
            return false;
        }

        if (await new Collector(_storage, TableAt).ClonesOfAsync(table, ct) is { Count: > 0 } clones)
        {
            await _storage.DeleteAsync(PurgeMark(table), ct);
            throw new LakeException($"'{name}' cannot be purged: its clones {string.Join(", ", clones)} need its files. Purge those first.");
        }

        // Oldest first, so the version list never has a hole at its new end; without manifests the data are garbage, so a crash here leaves nothing half visible.
        var versions = new List<long>();
        await foreach (var version in table.VersionsAsync(ct))
            versions.Add(version);
        foreach (var version in Enumerable.Reverse(versions))
            await _storage.DeleteAsync(table.ManifestPath(version), ct);
        await foreach (var found in _storage.ListAsync(table.Folder, ct))
        {
            if (found.Path != PurgeMark(table))
                await _storage.DeleteAsync(found.Path, ct);
        }

        await _storage.DeleteAsync(PurgeMark(table), ct);
        return true;
    }

    /// <summary>Deletes files that no version of any dataset or model needs and that are older than the grace period; returns how many.</summary>
    /// <exception cref="LakeException">A manifest is damaged; nothing was deleted.</exception>
    public async Task<int> CollectGarbageAsync(TimeSpan? gracePeriod = null, CancellationToken ct = default) =>
        (await CollectAsync(new LakeRetention { GracePeriod = gracePeriod }, ct)).Files;

    /// <summary>Deletes versions that need not be kept, then files that no version needs and that are older than the grace period.</summary>
    /// <exception cref="LakeException">A manifest or tag is damaged; nothing was deleted.</exception>
    public async Task<LakeCollection> CollectAsync(LakeRetention retention, CancellationToken ct = default)
    {
        if (retention.KeepVersions < 1)
            throw new LakeException("At least one version must be kept; to delete all of a dataset or model, purge it.");
        DeleteOldWork(retention.GracePeriod ?? _options.GracePeriod);
        return await new Collector(_storage, TableAt).CollectAsync(retention with { GracePeriod = retention.GracePeriod ?? _options.GracePeriod }, ct);
    }

    private LakeTable TableAt(LakeKind kind, string name) => new(_storage, _local, kind, name);

    private async Task PlaceAsync(string path, ManifestFile file, string target, CancellationToken ct)
    {
        var source = await _local.GetAsync(path, file.Bytes, null, ct);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Delete(target);
        if (!File.Exists(source))
            throw new LakeException($"{source} is missing; restore it from a backup.");
        if (_options.CopyOnMaterialise || !DurableFiles.TryLink(source, target, out _))
            File.Copy(source, target);
    }

    private static async Task WritePartAsync(LakeTable table, Manifest manifest, ManifestFragment fragment, DatasetSchema schema, string target, CancellationToken ct)
    {
        File.Delete(target);
        using var reader = await FragmentReader.OpenAsync(table, manifest, fragment, schema, ct);
        using var file = TableWriter.Create(target, schema.Arrow);
        var rows = new RowGatherer(schema.Arrow);
        for (var i = 0; i < reader.BatchCount; i++)
        {
            ct.ThrowIfCancellationRequested();
            foreach (var full in reader.Live(i) is { } batch ? rows.Add(batch) : [])
                file.Write(full);
        }

        if (rows.Rest() is { } rest)
            file.Write(rest);
        file.Finish();
    }

    // What a process that died was writing.
    private void DeleteOldWork(TimeSpan grace)
    {
        var deadline = TimeProvider.System.GetUtcNow().UtcDateTime - (grace < TimeSpan.FromHours(1) ? TimeSpan.FromHours(1) : grace);
        var start = new DirectoryInfo(Path.Combine(_root, WorkFolder));
        foreach (var file in start.Exists ? start.EnumerateFiles("*", SearchOption.AllDirectories) : [])
        {
            if (file.LastWriteTimeUtc < deadline)
                file.Delete();
        }
    }
}
