namespace EventMl.Lake;

/// <content>Records: small files beside the versions that are written once and never changed or collected.</content>
public sealed partial class LakeStore
{
    /// <summary>Keeps a record for ever; false when one of that name is there already, whatever it holds.</summary>
    /// <exception cref="LakeException">The folder or the name is not allowed.</exception>
    public Task<bool> TryWriteRecordAsync(string folder, string name, ReadOnlyMemory<byte> content, CancellationToken ct = default) =>
        _storage.TryCreateAsync(RecordPath(folder, name), content, ct);

    /// <summary>A record's bytes; null when there is none.</summary>
    /// <exception cref="LakeException">The folder or the name is not allowed.</exception>
    public Task<byte[]?> ReadRecordAsync(string folder, string name, CancellationToken ct = default) => _storage.ReadAsync(RecordPath(folder, name), ct);

    /// <summary>The names of a folder's records, in ordinal order.</summary>
    /// <exception cref="LakeException">The folder is not allowed.</exception>
    public async Task<IReadOnlyList<string>> ListRecordsAsync(string folder, CancellationToken ct = default)
    {
        var names = new List<string>();
        await foreach (var found in _storage.ListAsync(RecordPath(folder, "x")[..^2], ct))
        {
            if (found.Path[(folder.Length + 1)..] is var name && !name.StartsWith('.'))
                names.Add(name);
        }

        return names;
    }

    private static string RecordPath(string folder, string name)
    {
        foreach (var part in (string[])[folder, name])
        {
            if (part.Length == 0 || part.StartsWith('.') || part.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')))
                throw new LakeException($"'{part}' cannot name a record: use letters, digits, '-', '_' and '.', the dot not first.");
        }

        return folder is "datasets" or "models" or "cache" or WorkFolder
            ? throw new LakeException($"Records cannot stand in '{folder}'; versions do.")
            : $"{folder}/{name}";
    }
}
