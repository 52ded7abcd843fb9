using System.Collections.Concurrent;
using EventMl.Arrow;
using EventMl.Lake.Data;

namespace EventMl.Lake.Storage;

/// <summary>
/// Objects of a remote store in a local folder. Where only some columns of an Arrow file are wanted, a file of the object's size is made of which
/// only the metadata and those columns are filled; the rest are holes that take no space and are never read.
/// </summary>
internal sealed class FetchedFiles(ILakeStorage storage, string folder, long limit, TimeProvider clock) : LocalFiles
{
    private const int Small = 128 * 1024;
    private const int TailBytes = 64 * 1024;
    private const int Gap = 4096;
    private const int Piece = 8 << 20;
    private readonly FetchedSpace _space = new(folder, limit, clock);
    private readonly ConcurrentDictionary<string, Partial> _partials = new(StringComparer.Ordinal);

    public string PathOf(string path) => Path.Combine(_space.Whole, path);

    public override async Task<string> GetAsync(string path, long bytes, IReadOnlyCollection<int>? columns, CancellationToken ct)
    {
        var whole = PathOf(path);
        if (_space.TryUse(whole))
            return whole;
        if (columns is null || bytes <= Small || !path.EndsWith(".arrow", StringComparison.Ordinal))
            return await FetchWholeAsync(path, whole, bytes, ct);
        var partial = _partials.GetOrAdd(path, _ => new Partial());
        await partial.Lock.WaitAsync(ct);
        try
        {
            return await FetchColumnsAsync(partial, path, bytes, columns, ct) ?? await FetchWholeAsync(path, whole, bytes, ct);
        }
        finally
        {
            partial.Lock.Release();
        }
    }

    private async Task<string> FetchWholeAsync(string path, string target, long bytes, CancellationToken ct)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        var temporary = target + "." + Path.GetRandomFileName();
        try
        {
            await using (var source = await storage.OpenAsync(path, ct))
            await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16, FileOptions.Asynchronous))
                await source.CopyToAsync(file, 1 << 20, ct);
            // A script may get it as a hard link.
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(temporary, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
            if (new FileInfo(temporary).Length != bytes)
                throw new LakeException($"{storage.Name}{path} has {new FileInfo(temporary).Length} bytes; {bytes} were committed. Restore it from a backup.");
            _space.TryUse(temporary);
            File.Move(temporary, target, overwrite: true);
            _space.Add(target, bytes);
        }
        finally
        {
            File.Delete(temporary);
        }

        return target;
    }

    private async Task<string?> FetchColumnsAsync(Partial partial, string path, long bytes, IReadOnlyCollection<int> columns, CancellationToken ct)
    {
        var local = Path.Combine(_space.Partial, path);
        if (partial.Ranges is null || !_space.TryUse(local))
        {
            partial.Columns.Clear();
            partial.Ranges = await FetchMetadataAsync(path, local, bytes, ct);
        }

        int[] missing = [.. columns.Where(c => !partial.Columns.Contains(c))];
        if (partial.Ranges is null || missing.Length == 0)
            return partial.Ranges is null ? null : local;
        List<(long Offset, long Length)>? ranges;
        using (var file = ArrowFile.Open(local))
        using (var handle = File.OpenHandle(local))
        {
            ranges = partial.Ranges.Of(file.Schema, missing, (offset, length) =>
            {
                var read = new byte[length];
                return RandomAccess.Read(handle, read, offset) == length ? read : default(ReadOnlyMemory<byte>);
            });
        }

        if (ranges is null)
            return null;
        await FetchAsync(path, local, ranges, ct);
        _space.Add(local, ranges.Sum(r => r.Length));
        partial.Columns.UnionWith(missing);
        return local;
    }

    private async Task<ArrowRanges?> FetchMetadataAsync(string path, string local, long bytes, CancellationToken ct)
    {
        var tail = new byte[Math.Min(bytes, TailBytes)];
        await storage.ReadRangeAsync(path, bytes - tail.Length, tail, ct);
        var length = ArrowRanges.FooterLength(tail);
        if (length <= 0 || length > bytes - 10)
            return null;
        if (length + 10 > tail.Length)
        {
            tail = new byte[length + 10];
            await storage.ReadRangeAsync(path, bytes - tail.Length, tail, ct);
        }

        if (ArrowRanges.Read(tail.AsMemory(tail.Length - 10 - length, length), bytes) is not { } ranges)
            return null;
        Directory.CreateDirectory(Path.GetDirectoryName(local)!);
        using (var handle = File.OpenHandle(local, FileMode.Create, FileAccess.Write, FileShare.ReadWrite))
        {
            RandomAccess.SetLength(handle, bytes);
            RandomAccess.Write(handle, tail, bytes - tail.Length);
        }

        await FetchAsync(path, local, [(0, 8), .. ranges.Metadata], ct);
        return ranges;
    }

    private async Task FetchAsync(string path, string local, IEnumerable<(long Offset, long Length)> ranges, CancellationToken ct)
    {
        using var handle = File.OpenHandle(local, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        await Parallel.ForEachAsync(Joined(ranges), new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = ct }, async (range, token) =>
        {
            var buffer = new byte[range.Length];
            await storage.ReadRangeAsync(path, range.Offset, buffer, token);
            await RandomAccess.WriteAsync(handle, buffer, range.Offset, token);
        });
    }

    // Near ones in one request, long ones in several: each costs a round trip, and each is held in memory.
    private static IEnumerable<(long Offset, long Length)> Joined(IEnumerable<(long Offset, long Length)> ranges)
    {
        var joined = new List<(long Offset, long Length)>();
        foreach (var (offset, length) in ranges.OrderBy(r => r.Offset))
        {
            if (joined.Count > 0 && joined[^1] is var last && offset - (last.Offset + last.Length) <= Gap)
                joined[^1] = (last.Offset, Math.Max(last.Length, offset + length - last.Offset));
            else
                joined.Add((offset, length));
        }

        foreach (var (offset, length) in joined)
        {
            for (long done = 0; done < length; done += Piece)
                yield return (offset + done, Math.Min(Piece, length - done));
        }
    }

    private sealed class Partial
    {
        public SemaphoreSlim Lock { get; } = new(1, 1);

        public ArrowRanges? Ranges { get; set; }

        public HashSet<int> Columns { get; } = [];
    }
}
