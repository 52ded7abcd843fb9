using System.Collections.Concurrent;

namespace EventMl.Lake.Storage;

/// <summary>
/// Keeps a folder of fetched files, which several processes may share, below a limit: what was used least recently goes first. A file that was used
/// in the last minutes stays, since somebody who got its path may be about to open it; one that is open already stays readable when it goes.
/// </summary>
internal sealed class FetchedSpace(string folder, long limit, TimeProvider clock)
{
    private static readonly TimeSpan s_inUse = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan s_forgotten = TimeSpan.FromHours(1);
    private readonly ConcurrentDictionary<string, long> _filled = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly string _partials = Path.Combine(folder, "partial");
    private bool _hasLooked;
    private long _added;

    /// <summary>A folder of this process for files with holes, whose length says nothing about the space they take.</summary>
    public string Partial { get; } = Path.Combine(folder, "partial", Path.GetRandomFileName());

    /// <summary>The folder for whole files, which all processes use.</summary>
    public string Whole { get; } = Path.Combine(folder, "whole");

    /// <summary>Marks a file as used just now; false when there is none.</summary>
    public bool TryUse(string path)
    {
        try
        {
            File.SetLastAccessTimeUtc(path, clock.GetUtcNow().UtcDateTime);
            return true;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Counts bytes that were written to a file; from time to time it looks at the folder and makes room.</summary>
    public void Add(string path, long bytes)
    {
        lock (_lock)
        {
            if (IsBelow(path, Partial))
                _filled[path] = _filled.GetValueOrDefault(path) + bytes;
            _added += bytes;
            if (_hasLooked && _added < limit / 16)
                return;
            (_added, _hasLooked) = (0, true);
            MakeRoom();
        }
    }

    private void MakeRoom()
    {
        var now = clock.GetUtcNow().UtcDateTime;
        var files = new List<(FileInfo File, long Bytes, DateTime Used)>();
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None }))
        {
            // It may be gone by now: others tidy up too.
            file.Refresh();
            if (!file.Exists)
                continue;
            if (IsBelow(file.FullName, Partial))
                files.Add((file, _filled.GetValueOrDefault(file.FullName), file.LastAccessTimeUtc));
            else if (!IsBelow(file.FullName, _partials))
                files.Add((file, file.Length, file.LastAccessTimeUtc));
            else if (file.LastAccessTimeUtc < now - s_forgotten)
                file.Delete();
        }

        var total = files.Sum(f => f.Bytes);
        foreach (var (file, bytes, _) in files.Where(f => f.Used < now - s_inUse).OrderBy(f => f.Used))
        {
            if (total <= limit)
                break;
            file.Delete();
            _filled.TryRemove(file.FullName, out _);
            total -= bytes;
        }
    }

    private static bool IsBelow(string path, string parent) => path.StartsWith(parent + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
