namespace EventMl.Lake;

/// <summary>
/// Where a lake keeps its objects: a local disk or an object store. Paths use <c>/</c> and are relative to the lake. Everything a call has
/// written is durable when it returns, and seen by every other reader from then on.
/// </summary>
public interface ILakeStorage
{
    /// <summary>Where it is, for messages.</summary>
    string Name { get; }

    /// <summary>The time of the clock that <see cref="LakeObject.Modified"/> is read from.</summary>
    Task<DateTimeOffset> NowAsync(CancellationToken ct);

    /// <summary>An object's bytes; null when there is none.</summary>
    Task<byte[]?> ReadAsync(string path, CancellationToken ct);

    /// <summary>Fills <paramref name="target"/> with an object's bytes from <paramref name="offset"/> on.</summary>
    /// <exception cref="LakeException">The object is missing or shorter.</exception>
    Task ReadRangeAsync(string path, long offset, Memory<byte> target, CancellationToken ct);

    /// <summary>An object as a stream from its beginning.</summary>
    /// <exception cref="LakeException">The object is missing.</exception>
    Task<Stream> OpenAsync(string path, CancellationToken ct);

    /// <summary>Creates an object; false when one of that name is there already. Of many callers at once exactly one creates it, and nobody sees half of it.</summary>
    Task<bool> TryCreateAsync(string path, ReadOnlyMemory<byte> content, CancellationToken ct);

    /// <summary>Creates or replaces an object; nobody sees half of it.</summary>
    Task WriteAsync(string path, ReadOnlyMemory<byte> content, CancellationToken ct);

    /// <summary>Creates an object from a local file that nobody writes any more; the file itself stays where it is, perhaps read-only.</summary>
    Task StoreAsync(string path, string localFile, CancellationToken ct);

    /// <summary>Every object below a folder, in ordinal order; empty when there is no such folder.</summary>
    IAsyncEnumerable<LakeObject> ListAsync(string folder, CancellationToken ct);

    /// <summary>The names of the folders directly below a folder.</summary>
    Task<IReadOnlyList<string>> ListFoldersAsync(string folder, CancellationToken ct);

    /// <summary>Deletes an object; nothing happens when there is none.</summary>
    Task DeleteAsync(string path, CancellationToken ct);

    /// <summary>Makes it known until disposal, or until this process dies, that somebody writes below a folder.</summary>
    Task<ILakeWriter> AnnounceWriterAsync(string folder, CancellationToken ct);

    /// <summary>When the longest-running writer that is alive announced itself; null when there is none.</summary>
    Task<DateTimeOffset?> OldestWriterAsync(string folder, CancellationToken ct);

    /// <summary>The absolute path of an object, or of a folder, on a local disk; null where there is none.</summary>
    string? LocalPath(string path);
}

/// <summary>Somebody who writes and has said so; disposal ends it.</summary>
public interface ILakeWriter : IAsyncDisposable
{
    /// <summary>Throws when others may take this writer for dead, so that what it wrote may be collected; asked right before a version appears.</summary>
    /// <exception cref="LakeException">It could not report for too long.</exception>
    void EnsureAlive();
}

/// <summary>An object of the lake: its path, size in bytes, and when it was written by the storage's clock.</summary>
public sealed record LakeObject(string Path, long Bytes, DateTimeOffset Modified);
