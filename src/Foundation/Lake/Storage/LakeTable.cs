using System.Globalization;
using System.Security.Cryptography;

namespace EventMl.Lake.Storage;

/// <summary>One dataset or model in a storage: manifests under <c>_versions</c>, bytes under <c>data</c>.</summary>
internal sealed class LakeTable(ILakeStorage storage, LocalFiles local, LakeKind kind, string name)
{
    public ILakeStorage Storage => storage;

    public LocalFiles Local => local;

    public LakeKind Kind => kind;

    public string Name => name;

    public string Folder { get; } = $"{LakeNames.Folder(kind)}/{name}";

    public string VersionsFolder => Folder + "/_versions";

    public TransactionNotes Notes => new(this);

    /// <summary>The versions that exist, newest first.</summary>
    public async IAsyncEnumerable<long> VersionsAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        // Names count down, so that a listing in ordinal order begins with the newest.
        await foreach (var found in storage.ListAsync(VersionsFolder, ct))
        {
            if (VersionOf(found.Path) is { } version)
                yield return version;
        }
    }

    public async Task<long?> LatestVersionAsync(CancellationToken ct)
    {
        await foreach (var version in VersionsAsync(ct))
            return version;
        return null;
    }

    public string ManifestPath(long version) => $"{VersionsFolder}/{(ulong.MaxValue - (ulong)version).ToString("D20", CultureInfo.InvariantCulture)}.json";

    public static long? VersionOf(string path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        return name.Length == 25 && name.EndsWith(".json", StringComparison.Ordinal)
            && ulong.TryParse(name.AsSpan(0, 20), NumberStyles.None, CultureInfo.InvariantCulture, out var inverse) && ulong.MaxValue - inverse is var v and >= 1 and <= long.MaxValue
            ? (long)v
            : null;
    }

    public async Task<StoredManifest?> LatestAsync(CancellationToken ct) => await LatestVersionAsync(ct) is { } version ? await ReadAsync(version, ct) : null;

    public async Task<StoredManifest?> ReadAsync(long version, CancellationToken ct)
    {
        var path = ManifestPath(version);
        if (await storage.ReadAsync(path, ct) is not { } bytes)
            return null;
        var shown = storage.LocalPath(path) ?? path;
        var stored = ManifestJson.Parse(bytes, shown);
        return stored.Manifest.Version == version && stored.Manifest.Name == name
            ? stored
            : throw new LakeException($"The manifest {shown} is that of {stored.Manifest.Name} version {stored.Manifest.Version}; files of the lake must not be renamed.");
    }

    /// <summary>Every version with its manifest, newest first.</summary>
    public async IAsyncEnumerable<StoredManifest> ManifestsAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var version in VersionsAsync(ct))
        {
            if (await ReadAsync(version, ct) is { } stored)
                yield return stored;
        }
    }

    /// <summary>Before the first version. Some stores list a folder only when an object lies in it directly; collection must find every dataset.</summary>
    public Task MarkAsync(CancellationToken ct) => storage.TryCreateAsync($"{Folder}/_table", "{}"u8.ToArray(), ct);

    /// <summary>Makes a manifest the next version; null when another writer was faster.</summary>
    public async Task<StoredManifest?> TryPublishAsync(Manifest manifest, CancellationToken ct)
    {
        var (stored, bytes) = ManifestJson.Seal(manifest);
        return await storage.TryCreateAsync(ManifestPath(manifest.Version), bytes, ct) ? stored : null;
    }

    /// <summary>
    /// The path for new bytes. A name is never used twice: collection may be about to delete an unneeded file that happens to hold the same bytes.
    /// </summary>
    public static string NewPath(string folder, string sha256, string extension = "") =>
        $"{folder}/{sha256}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}{extension}";

    public LakeVersion ToVersion(StoredManifest stored)
    {
        var m = stored.Manifest;
        var place = m.Tree is { } tree ? $"{m.Base(Folder, tree.Base)}/{tree.Path}" : Folder;
        return new LakeVersion
        {
            Kind = kind,
            Name = name,
            Version = m.Version,
            Id = stored.Id,
            Path = storage.LocalPath(place) ?? storage.Name + place,
            CreatedAt = m.Timestamp,
            Fields = [.. m.Schema.Select(f => new LakeField(f.Name, f.Type, f.Nullable, f.Metadata))],
            NumRows = m.Stats.Rows,
            SizeBytes = m.Stats.Bytes,
            Files = m.Tree is { } t
                ? [.. t.Files.Select(f => new LakeFile(f.Path, f.Bytes, f.Sha256, 0))]
                : [.. m.Fragments.SelectMany(f => f.Files.Select(file => new LakeFile(Relative(m, file), file.Bytes, file.Sha256, f.PhysicalRows)))],
            Metadata = m.Metadata,
            TransactionId = m.Txn.Id,
            Operation = m.Txn.Operation,
            ReadVersion = m.ReadVersion,
            BytesWritten = m.Change?.Bytes,
            Stored = stored,
            Table = this,
        };
    }

    // Files of a clone lie in the folder of another dataset beside this one.
    private static string Relative(Manifest manifest, ManifestFile file) => file.Base is null ? file.Path : $"../../{manifest.PathOf("", file)}";
}

/// <summary>The points of a commit at which a crash must leave the last version whole.</summary>
internal enum CommitStep
{
    Started,
    FileSealed,
    FileLinked,
    FileStored,
    DataStored,
    Noted,
    ManifestWritten,
    ManifestSealed,
    Published,
    StagingRemoved,
}
