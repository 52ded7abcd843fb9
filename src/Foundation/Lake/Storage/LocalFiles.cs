namespace EventMl.Lake.Storage;

/// <summary>Objects as local files, which can be mapped into memory: those of a disk where they are, those of a remote store once they were fetched.</summary>
internal abstract class LocalFiles
{
    /// <summary>A local file with an object's bytes: all of them, or at least those that Arrow's metadata and some columns need, at their places.</summary>
    /// <param name="path">Path in the lake.</param>
    /// <param name="bytes">Its size.</param>
    /// <param name="columns">Positions of the columns in the file's schema; null for every byte.</param>
    /// <param name="ct">Stops the fetching.</param>
    /// <exception cref="LakeException">The object is missing.</exception>
    public abstract Task<string> GetAsync(string path, long bytes, IReadOnlyCollection<int>? columns, CancellationToken ct);
}

internal sealed class DiskFiles(ILakeStorage disk) : LocalFiles
{
    public override Task<string> GetAsync(string path, long bytes, IReadOnlyCollection<int>? columns, CancellationToken ct) => Task.FromResult(disk.LocalPath(path)!);
}
