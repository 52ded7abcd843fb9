using EventMl.Lake.Storage;

namespace EventMl.Lake;

public sealed partial class LakeStore
{
    /// <summary>
    /// Lays a version out as the input of a script: <c>part-00000.arrow</c>, … for a dataset, the file tree for a model. The files are
    /// hard links to the lake's read-only files, or copies (see <see cref="LakeOptions.CopyOnMaterialise"/>); returns the absolute folder.
    /// </summary>
    /// <remarks>
    /// A link costs nothing but shares the bytes, so a write through it would change the lake: read-only permissions forbid that to ordinary
    /// users (to open it for writing a script would first have to change the mode). Symbolic links would not protect better, and a script
    /// could not be run in a container that mounts only its input.
    /// </remarks>
    public string Materialise(LakeVersion version, string targetFolder)
    {
        var folder = Path.GetFullPath(targetFolder);
        for (var i = 0; i < version.Files.Count; i++)
        {
            var source = Path.Combine(version.Path, version.Files[i].Path);
            var target = Path.Combine(folder, version.Kind == LakeKind.Dataset ? $"part-{i:D5}.arrow" : version.Files[i].Path);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Delete(target);
            if (_options.CopyOnMaterialise || !DurableFiles.TryLink(source, target, out _))
                File.Copy(source, target);
        }

        return folder;
    }

    /// <summary>Deletes files that no version of any dataset or model needs and that are older than the grace period; returns how many.</summary>
    /// <exception cref="LakeException">A manifest is damaged; nothing of its dataset or model was deleted.</exception>
    public async Task<int> CollectGarbageAsync(TimeSpan? gracePeriod = null, CancellationToken ct = default)
    {
        var deadline = (_clock.GetUtcNow() - (gracePeriod ?? _options.GracePeriod)).UtcDateTime;
        var deleted = 0;
        foreach (var kind in Enum.GetValues<LakeKind>())
        {
            var folder = Path.Combine(_root, LakeNames.Folder(kind));
            foreach (var path in Directory.Exists(folder) ? Directory.GetDirectories(folder) : [])
                deleted += await CollectAsync(new LakeTable(kind, Path.GetFileName(path), path), deadline, ct);
        }

        return deleted;
    }

    /// <summary>Deletes a dataset or model with all its versions, for good; false when there is none or a commit is running.</summary>
    /// <exception cref="LakeException">The name is not allowed.</exception>
    public Task<bool> PurgeAsync(LakeKind kind, string name, CancellationToken ct = default)
    {
        ct.ThrowIfCancellationRequested();
        var table = Table(kind, name);
        if (!Directory.Exists(table.Folder))
            return Task.FromResult(false);
        using var held = table.TryLockExclusive();
        if (held is null)
            return Task.FromResult(false);
        // Oldest first, so the version list never has a hole at its new end; without manifests the data are garbage, so a crash here leaves nothing half visible.
        foreach (var version in table.Versions().Reverse())
            File.Delete(table.ManifestPath(version));
        Directory.Delete(table.Folder, recursive: true);
        return Task.FromResult(true);
    }

    private static async Task<int> CollectAsync(LakeTable table, DateTime deadline, CancellationToken ct)
    {
        using var held = table.TryLockExclusive();
        if (held is null)
            return 0;
        var needed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var version in table.Versions())
        {
            if (await table.ReadAsync(version, ct) is { } stored)
                needed.UnionWith(stored.Manifest.ReferencedPaths().Select(p => Path.Combine(table.Folder, p)));
        }

        var candidates = Enumerate(table.DataFolder).Where(p => !needed.Contains(p))
            .Concat(Enumerate(table.VersionsFolder).Where(p => Path.GetFileName(p).StartsWith(LakeTable.TemporaryPrefix, StringComparison.Ordinal)));
        var deleted = 0;
        foreach (var path in candidates.ToList())
        {
            if (File.GetLastWriteTimeUtc(path) >= deadline)
                continue;
            File.Delete(path);
            deleted++;
        }

        foreach (var folder in Directory.Exists(table.DataFolder) ? Directory.GetDirectories(table.DataFolder) : [])
        {
            if (!Enumerate(folder).Any() && Directory.GetLastWriteTimeUtc(folder) < deadline)
                Directory.Delete(folder, recursive: true);
        }

        return deleted;
    }

    private static IEnumerable<string> Enumerate(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories) : [];
}
