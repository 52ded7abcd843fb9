using System.Globalization;
using System.Text;

namespace EventMl.Jobs.Scripts;

/// <summary>Reads the logs of all attempts of a task in order, from where it stopped the last time; where a log was too long, a line says how much is left out.</summary>
/// <param name="folders">Where the logs are.</param>
/// <param name="taskId">The task.</param>
public sealed class LogReader(TaskFolders folders, string taskId)
{
    private readonly Dictionary<string, long> _positions = new(StringComparer.Ordinal);

    /// <summary>Copies what has been written since the last call; nothing when there are no logs on this machine.</summary>
    public async Task CopyNewAsync(Stream target, CancellationToken cancellationToken = default)
    {
        foreach (var log in folders.Logs(taskId))
        {
            var position = _positions.GetValueOrDefault(log);
            foreach (var (start, path) in SegmentsOf(log))
            {
                position = await CopyAsync(path, start, position, target, cancellationToken);
            }

            _positions[log] = position;
        }
    }

    /// <summary>The files of one log and where in it they begin, ascending.</summary>
    internal static IReadOnlyList<(long Start, string Path)> SegmentsOf(string log)
    {
        var folder = Path.GetDirectoryName(log)!;
        return !Directory.Exists(folder) ? [] :
        [
            .. Directory.EnumerateFiles(folder, Path.GetFileName(log) + "*")
                .Select(f => (Start: f == log ? 0 : long.TryParse(f.AsSpan(log.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var start) ? start : -1, f))
                .Where(s => s.Start >= 0)
                .OrderBy(s => s.Start),
        ];
    }

    private static async Task<long> CopyAsync(string path, long start, long position, Stream target, CancellationToken cancellationToken)
    {
        try
        {
            await using var segment = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (start + segment.Length <= position)
            {
                return position;
            }

            if (start > position)
            {
                await target.WriteAsync(Encoding.UTF8.GetBytes($"[… {start - position} bytes left out …]\n"), cancellationToken);
                position = start;
            }

            segment.Position = position - start;
            await segment.CopyToAsync(target, cancellationToken);
            return start + segment.Position;
        }
        catch (FileNotFoundException)
        {
            // Dropped in the meantime; the next segment tells how much is missing.
            return position;
        }
    }
}
