using EventMl.Lake.Storage;

namespace EventMl.Lake;

/// <content>Records: small files beside the versions that are written once and never changed or collected.</content>
public sealed partial class LakeStore
{
    /// <summary>Keeps a record for ever; false when one of that name is there already, whatever it holds.</summary>
    /// <exception cref="LakeException">The folder or the name is not allowed.</exception>
    public async Task<bool> TryWriteRecordAsync(string folder, string name, ReadOnlyMemory<byte> content, CancellationToken ct = default)
    {
        var path = RecordPath(folder, name);
        if (File.Exists(path))
            return false;
        var parent = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(parent))
        {
            Directory.CreateDirectory(parent);
            DurableFiles.FlushFolder(_root);
        }

        var temporary = Path.Combine(parent, $".{Path.GetRandomFileName()}");
        await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
            await file.WriteAsync(content, ct);
        DurableFiles.Seal(temporary);
        var written = DurableFiles.TryPublish(temporary, path);
        DurableFiles.FlushFolder(parent);
        return written;
    }

    /// <summary>A record's bytes; null when there is none.</summary>
    /// <exception cref="LakeException">The folder or the name is not allowed.</exception>
    public async Task<byte[]?> ReadRecordAsync(string folder, string name, CancellationToken ct = default)
    {
        try
        {
            return await File.ReadAllBytesAsync(RecordPath(folder, name), ct);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The names of a folder's records, in ordinal order.</summary>
    /// <exception cref="LakeException">The folder is not allowed.</exception>
    public IReadOnlyList<string> ListRecords(string folder)
    {
        var path = RecordPath(folder, "x");
        return Directory.Exists(Path.GetDirectoryName(path))
            ? [.. Directory.EnumerateFiles(Path.GetDirectoryName(path)!).Select(f => Path.GetFileName(f)).Where(f => !f.StartsWith('.')).Order(StringComparer.Ordinal)]
            : [];
    }

    private string RecordPath(string folder, string name)
    {
        foreach (var part in (string[])[folder, name])
        {
            if (part.Length == 0 || part.StartsWith('.') || part.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')))
                throw new LakeException($"'{part}' cannot name a record: use letters, digits, '-', '_' and '.', the dot not first.");
        }

        return folder is "datasets" or "models"
            ? throw new LakeException($"Records cannot stand in '{folder}'; versions do.")
            : Path.Combine(_root, folder, name);
    }
}
