using System.Security.Cryptography;
using EventMl.Arrow;
using EventMl.Lake.Storage;

namespace EventMl.Lake.Archive;

/// <summary>Takes the files of an archive into the storage, each compared with the manifest; what was taken is given back unless the import is kept.</summary>
internal sealed class ArchiveImport(ILakeStorage storage, string workFolder) : IAsyncDisposable
{
    private readonly List<string> _created = [];
    private bool _kept;

    /// <summary>The manifest, which an export puts first.</summary>
    public static async Task<ArchiveContent> ReadManifestAsync(Stream archive, IReadOnlyList<TarFile> entries, CancellationToken ct)
    {
        if (entries is not [{ } first, ..] || LakeTable.VersionOf(first.Name) is not { } version || first.Length > ArchiveContent.MaxManifestBytes)
            throw ArchiveContent.Refused("it does not begin with the manifest of a dataset version");
        var bytes = new byte[first.Length];
        archive.Position = first.Offset;
        await archive.ReadExactlyAsync(bytes, ct);
        var content = ArchiveContent.Read(first.Name, bytes);
        return content.Manifest.Version == version ? content : throw ArchiveContent.Refused($"its manifest is of version {content.Manifest.Version} and is named as one of version {version}");
    }

    /// <summary>Compares names and sizes before a byte is copied.</summary>
    public static void Check(ArchiveContent content, IReadOnlyList<TarFile> entries, long maxBytes)
    {
        var total = content.Files.Values.Aggregate(0m, (sum, f) => sum + f.Bytes);
        if (total > maxBytes)
            throw ArchiveContent.Refused($"its files are {total} bytes; {maxBytes} are allowed");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in entries.Skip(1))
        {
            if (!content.Files.TryGetValue(entry.Name, out var file))
                throw ArchiveContent.Refused($"it holds the file '{TarIndex.Shown(entry.Name)}', which its manifest does not name");
            if (!seen.Add(entry.Name))
                throw ArchiveContent.Refused($"it holds the file '{entry.Name}' twice");
            if (entry.Length != file.Bytes)
                throw ArchiveContent.Refused($"'{entry.Name}' has {entry.Length} bytes; the manifest says {file.Bytes}");
        }

        if (content.Files.Keys.FirstOrDefault(f => !seen.Contains(f)) is { } missing)
            throw ArchiveContent.Refused($"the file '{missing}' is missing");
    }

    /// <summary>Stores one file under a path of the lake; one that is there already with the same bytes stays.</summary>
    public async Task StoreAsync(Stream archive, TarFile entry, ManifestFile file, string path, CancellationToken ct)
    {
        Directory.CreateDirectory(workFolder);
        var local = Path.Combine(workFolder, $"{_created.Count}.arrow");
        if (await CopyAsync(archive, entry, local, ct) != file.Sha256)
            throw ArchiveContent.Refused($"'{entry.Name}' does not have the hash that the manifest says; it was changed on its way");
        ValidateArrow(local, entry.Name);
        if (!await IsThereAsync(path, file, ct))
        {
            _created.Add(path);
            await storage.StoreAsync(path, local, ct);
        }

        File.Delete(local);
    }

    /// <summary>From now on the files belong to a version.</summary>
    public void Keep() => _kept = true;

    public async ValueTask DisposeAsync()
    {
        if (Directory.Exists(workFolder))
            Directory.Delete(workFolder, recursive: true);
        foreach (var path in _kept ? [] : _created)
            await storage.DeleteAsync(path, CancellationToken.None);
    }

    private static async Task<string> CopyAsync(Stream archive, TarFile entry, string local, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var file = new FileStream(local, FileMode.Create, FileAccess.Write);
        var buffer = new byte[1 << 20];
        archive.Position = entry.Offset;
        for (var left = entry.Length; left > 0;)
        {
            var read = await archive.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), ct);
            if (read == 0)
                throw ArchiveContent.Refused($"it is cut off within '{entry.Name}'");
            hash.AppendData(buffer, 0, read);
            await file.WriteAsync(buffer.AsMemory(0, read), ct);
            left -= read;
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void ValidateArrow(string local, string name)
    {
        try
        {
            using var arrow = ArrowFile.Open(local);
            arrow.Validate();
        }
        catch (ArrowFormatException e)
        {
            throw ArchiveContent.Refused($"'{name}' is no Arrow file: {e.Message.TrimEnd('.')}", e);
        }
    }

    private async Task<bool> IsThereAsync(string path, ManifestFile file, CancellationToken ct)
    {
        Stream standing;
        try
        {
            standing = await storage.OpenAsync(path, ct);
        }
        catch (LakeException)
        {
            return false;
        }

        await using (standing)
        {
            return await DurableFiles.HashAsync(standing, ct) == (file.Sha256, file.Bytes)
                ? true
                : throw ArchiveContent.Refused($"the lake has another file at '{path}'");
        }
    }
}
