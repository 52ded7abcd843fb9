namespace EventMl.Lake.S3;

/// <summary>
/// Small values that can be created only once, kept by something that can do what an object store without conditional PUT cannot; the first value
/// under a key is the truth about the object of that name.
/// </summary>
public interface ICommitRows
{
    /// <summary>Keeps a value; false when the key has one already.</summary>
    Task<bool> TryAddAsync(string key, ReadOnlyMemory<byte> value, CancellationToken ct);

    /// <summary>The value of a key; null when it has none.</summary>
    Task<byte[]?> FindAsync(string key, CancellationToken ct);

    /// <summary>Forgets a key; false when it has no value.</summary>
    Task<bool> RemoveAsync(string key, CancellationToken ct);
}
