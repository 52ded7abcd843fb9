using System.Globalization;
using System.Security.Cryptography;

namespace EventMl.Lake.Storage;

/// <summary>The folder of one dataset or model: manifests under <c>_versions</c>, bytes under <c>data</c>.</summary>
internal sealed class LakeTable(LakeKind kind, string name, string folder)
{
    public const string TemporaryPrefix = ".tmp-";
    private const string LockName = "_lock";

    public LakeKind Kind => kind;

    public string Name => name;

    public string Folder => folder;

    public string DataFolder => Path.Combine(folder, "data");

    public string VersionsFolder => Path.Combine(folder, "_versions");

    public void Create()
    {
        Directory.CreateDirectory(DataFolder);
        Directory.CreateDirectory(VersionsFolder);
        DurableFiles.FlushFolder(folder);
        DurableFiles.FlushFolder(Path.GetDirectoryName(folder)!);
    }

    /// <summary>The versions that exist, newest first.</summary>
    public IReadOnlyList<long> Versions()
    {
        if (!Directory.Exists(VersionsFolder))
            return [];
        var versions = new List<long>();
        foreach (var path in Directory.EnumerateFiles(VersionsFolder, "*.json"))
        {
            var stem = Path.GetFileNameWithoutExtension(path);
            if (stem.Length == 20 && ulong.TryParse(stem, NumberStyles.None, CultureInfo.InvariantCulture, out var inverse) && ulong.MaxValue - inverse is var v and <= long.MaxValue)
                versions.Add((long)v);
        }

        versions.Sort((a, b) => b.CompareTo(a));
        return versions;
    }

    public long? LatestVersion() => Versions() is [var latest, ..] ? latest : null;

    public string ManifestPath(long version) => Path.Combine(VersionsFolder, (ulong.MaxValue - (ulong)version).ToString("D20", CultureInfo.InvariantCulture) + ".json");

    public async Task<StoredManifest?> ReadAsync(long version, CancellationToken ct)
    {
        var path = ManifestPath(version);
        byte[] bytes;
        try
        {
            bytes = await File.ReadAllBytesAsync(path, ct);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        var manifest = Manifest.Parse(bytes, path);
        return manifest.Version == version && manifest.Name == name
            ? new StoredManifest(manifest, "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes)))
            : throw new LakeException($"The manifest {path} is that of {manifest.Name} version {manifest.Version}; files of the lake must not be renamed.");
    }

    /// <summary>Makes a manifest the next version; null when another writer was faster.</summary>
    public StoredManifest? TryPublish(Manifest manifest, Action<CommitStep> reached)
    {
        var bytes = manifest.ToBytes();
        var temporary = Path.Combine(VersionsFolder, TemporaryPrefix + Path.GetRandomFileName());
        File.WriteAllBytes(temporary, bytes);
        reached(CommitStep.ManifestWritten);
        DurableFiles.Seal(temporary);
        reached(CommitStep.ManifestSealed);
        if (!DurableFiles.TryPublish(temporary, ManifestPath(manifest.Version)))
            return null;
        reached(CommitStep.Published);
        DurableFiles.FlushFolder(VersionsFolder);
        return new StoredManifest(manifest, "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    /// <summary>Held by commits; collection and purging wait for all of them or step back.</summary>
    public async Task<IDisposable> LockSharedAsync(CancellationToken ct)
    {
        while (true)
        {
            try
            {
                return new FileStream(Path.Combine(folder, LockName), FileMode.OpenOrCreate, FileAccess.Read, FileShare.Read);
            }
            catch (IOException e) when (e is not (DirectoryNotFoundException or FileNotFoundException or PathTooLongException))
            {
                await Task.Delay(20, ct);
            }
        }
    }

    public IDisposable? TryLockExclusive()
    {
        try
        {
            return new FileStream(Path.Combine(folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or FileNotFoundException or PathTooLongException))
        {
            return null;
        }
    }

    public LakeVersion ToVersion(StoredManifest stored)
    {
        var m = stored.Manifest;
        return new LakeVersion
        {
            Kind = kind,
            Name = name,
            Version = m.Version,
            Id = stored.Id,
            Path = m.Tree is { } tree ? Path.Combine(folder, tree.Path) : folder,
            CreatedAt = m.Timestamp,
            Fields = [.. m.Schema.Select(f => new LakeField(f.Name, f.Type, f.Nullable, f.Metadata))],
            NumRows = m.Stats.Rows,
            SizeBytes = m.Stats.Bytes,
            Files = m.Tree is { } t
                ? [.. t.Files.Select(f => new LakeFile(f.Path, f.Bytes, f.Sha256, 0))]
                : [.. m.Fragments.SelectMany(f => f.Files.Select(file => new LakeFile(file.Path, file.Bytes, file.Sha256, f.PhysicalRows)))],
            Metadata = m.Metadata,
            TransactionId = m.Txn.Id,
        };
    }
}

internal sealed record StoredManifest(Manifest Manifest, string Id);

/// <summary>The points of a commit at which a crash must leave the last version whole.</summary>
internal enum CommitStep
{
    Started,
    FileSealed,
    FileStored,
    DataStored,
    ManifestWritten,
    ManifestSealed,
    Published,
    StagingRemoved,
}
