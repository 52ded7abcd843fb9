using EventMl.Jobs;
using Microsoft.AspNetCore.Http;

namespace EventMl.Tasks;

/// <summary>A task's log as a text response, to its present end or for as long as the task lives.</summary>
internal static class TaskLogs
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(300);

    /// <summary>The log of all attempts in order.</summary>
    /// <param name="folders">Where logs are.</param>
    /// <param name="taskId">The task.</param>
    /// <param name="ended">When given, the response goes on until this says that the task is over.</param>
    public static IResult Stream(TaskFolders folders, string taskId, Func<CancellationToken, Task<bool>>? ended) =>
        Results.Stream(body => WriteAsync(body, folders, taskId, ended), "text/plain; charset=utf-8");

    private static async Task WriteAsync(Stream body, TaskFolders folders, string taskId, Func<CancellationToken, Task<bool>>? ended)
    {
        var offsets = new Dictionary<string, long>(StringComparer.Ordinal);
        while (true)
        {
            // Asked before reading: what was written before the end is then always sent.
            var last = ended is null || await ended(CancellationToken.None);
            foreach (var path in folders.Logs(taskId))
            {
                await using var log = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                // A rotated log begins again from its start.
                log.Position = Math.Min(offsets.GetValueOrDefault(path), log.Length);
                await log.CopyToAsync(body);
                offsets[path] = log.Position;
            }

            await body.FlushAsync();
            if (last)
            {
                return;
            }

            await Task.Delay(Interval, TimeProvider.System);
        }
    }
}
