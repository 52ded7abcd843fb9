using EventMl.Jobs;
using EventMl.Jobs.Scripts;
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
    /// <param name="aborted">The client has gone.</param>
    public static IResult Stream(TaskFolders folders, string taskId, Func<CancellationToken, Task<bool>>? ended, CancellationToken aborted) =>
        Results.Stream(body => WriteAsync(body, new LogReader(folders, taskId), ended, aborted), "text/plain; charset=utf-8");

    private static async Task WriteAsync(Stream body, LogReader reader, Func<CancellationToken, Task<bool>>? ended, CancellationToken aborted)
    {
        while (!aborted.IsCancellationRequested)
        {
            // Asked before reading: what was written before the end is then always sent.
            var last = ended is null || await ended(aborted);
            await reader.CopyNewAsync(body, aborted);
            await body.FlushAsync(aborted);
            if (last)
            {
                return;
            }

            await Task.Delay(Interval, TimeProvider.System, aborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
