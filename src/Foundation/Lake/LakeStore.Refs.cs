using EventMl.Lake.Storage;

namespace EventMl.Lake;

/// <content>Names and instants for versions.</content>
public sealed partial class LakeStore
{
    private const string TagFolder = "_refs/tags";
    private const string HoldFolder = "_refs/holds";
    private const string DoomFolder = "_refs/doomed";

    /// <summary>Gives a version a name that collection respects; a tag that stands already is moved only when <paramref name="move"/> says so.</summary>
    /// <exception cref="LakeException">The tag's name is not allowed or taken, or there is no such version.</exception>
    public async Task<LakeTag> TagAsync(LakeKind kind, string name, string tag, long version, bool move = false, CancellationToken ct = default)
    {
        var table = Table(kind, name);
        var path = TagPath(table, tag);
        await using var writing = await AnnounceAsync(table, ct);
        // Until the tag stands, the hold keeps the version from being collected.
        await using var held = await HoldAsync(table, version, ct);
        var found = await table.ReadAsync(version, ct) ?? throw new LakeException($"'{name}' has no version {version}; it was never there, or it was collected.");
        var result = new LakeTag(tag, version, found.Id, _clock.GetUtcNow());
        var bytes = result.ToBytes();
        if (move)
            await _storage.WriteAsync(path, bytes, ct);
        else if (!await _storage.TryCreateAsync(path, bytes, ct) && await ReadTagAsync(path, ct) is { } standing && standing.Version != version)
            throw new LakeException($"The tag '{tag}' of '{name}' stands at version {standing.Version}; move it on purpose, or choose another name.");
        return result;
    }

    /// <summary>Removes a tag; nothing happens when there is none.</summary>
    /// <exception cref="LakeException">The name is not allowed.</exception>
    public Task UntagAsync(LakeKind kind, string name, string tag, CancellationToken ct = default) => _storage.DeleteAsync(TagPath(Table(kind, name), tag), ct);

    /// <summary>All tags, by name.</summary>
    /// <exception cref="LakeException">The name is not allowed or a tag is damaged.</exception>
    public async Task<IReadOnlyList<LakeTag>> ListTagsAsync(LakeKind kind, string name, CancellationToken ct = default)
    {
        var table = Table(kind, name);
        var tags = new List<LakeTag>();
        await foreach (var found in _storage.ListAsync($"{table.Folder}/{TagFolder}", ct))
        {
            if (found.Path.EndsWith(".json", StringComparison.Ordinal) && await ReadTagAsync(found.Path, ct) is { } tag)
                tags.Add(tag);
        }

        return tags;
    }

    /// <summary>The version that a tag names; null when there is no such tag.</summary>
    /// <exception cref="LakeException">The name is not allowed or the tag is damaged.</exception>
    public async Task<LakeVersion?> GetTaggedAsync(LakeKind kind, string name, string tag, CancellationToken ct = default)
    {
        var table = Table(kind, name);
        return await ReadTagAsync(TagPath(table, tag), ct) is { } found ? await GetAsync(kind, name, found.Version, ct) : null;
    }

    /// <summary>The version that was the latest at an instant; null when there was none yet, or it was collected.</summary>
    /// <exception cref="LakeException">The name is not allowed or a manifest is damaged.</exception>
    public async Task<LakeVersion?> GetAsOfAsync(LakeKind kind, string name, DateTimeOffset instant, CancellationToken ct = default)
    {
        var table = Table(kind, name);
        var versions = new List<long>();
        await foreach (var version in table.VersionsAsync(ct))
            versions.Add(version);
        // Times never fall from one version to the next, so halving finds the newest that is old enough.
        var (low, high) = (0, versions.Count);
        StoredManifest? found = null;
        while (low < high)
        {
            var middle = (low + high) / 2;
            var stored = await table.ReadAsync(versions[middle], ct);
            if (stored is not null && stored.Manifest.Timestamp <= instant)
                (found, high) = (stored, middle);
            else
                low = middle + 1;
        }

        return found is null ? null : table.ToVersion(found);
    }

    private static string TagPath(LakeTable table, string tag)
    {
        LakeNames.Check(tag);
        return $"{table.Folder}/{TagFolder}/{tag}.json";
    }

    private async Task<LakeTag?> ReadTagAsync(string path, CancellationToken ct)
    {
        return await _storage.ReadAsync(path, ct) is { } bytes ? LakeTag.Parse(bytes, path) : null;
    }

    /// <summary>
    /// Keeps a version from being collected until disposal. Whoever wants a version holds it and then looks whether it is doomed; collection dooms
    /// it and then looks whether it is held: at least one of two at once sees the other.
    /// </summary>
    private async Task<IAsyncDisposable> HoldAsync(LakeTable table, long version, CancellationToken ct)
    {
        var hold = new Hold(_storage, $"{table.Folder}/{HoldFolder}/{version}/{Path.GetRandomFileName()}");
        await _storage.WriteAsync(hold.Path, "{}"u8.ToArray(), ct);
        if (await _storage.ReadAsync(DoomPath(table, version), ct) is null)
            return hold;
        await hold.DisposeAsync();
        throw new LakeConflictException(LakeConflict.Retryable, $"Version {version} of '{table.Name}' is being collected; try again in a moment, or choose another version.");
    }

    private static string DoomPath(LakeTable table, long version) => $"{table.Folder}/{DoomFolder}/{version}";

    private sealed class Hold(ILakeStorage storage, string path) : IAsyncDisposable
    {
        public string Path => path;

        public async ValueTask DisposeAsync()
        {
            try
            {
                await storage.DeleteAsync(path, CancellationToken.None);
            }
            catch (LakeException)
            {
                // Collection forgets holds whose holder is gone.
            }
        }
    }
}
