namespace EventMl.EndToEnd.Tests.Hosting;

/// <summary>Waits on a condition, never on a time.</summary>
internal static class Wait
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    public static async Task<T> ForAsync<T>(Func<Task<T?>> look, string what, TimeSpan? limit = null)
        where T : class
    {
        using var timeout = new CancellationTokenSource(limit ?? Limit);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            if (await look() is { } found)
            {
                return found;
            }

            try
            {
                await tick.WaitForNextTickAsync(timeout.Token);
            }
            catch (OperationCanceledException e)
            {
                throw new TimeoutException($"Waited {(limit ?? Limit).TotalSeconds:0} s in vain: {what}", e);
            }
        }
    }

    public static Task UntilAsync(Func<Task<bool>> condition, string what, TimeSpan? limit = null) =>
        ForAsync(async () => await condition() ? what : null, what, limit);

    public static Task UntilAsync(Func<bool> condition, string what, TimeSpan? limit = null) => UntilAsync(() => Task.FromResult(condition()), what, limit);
}
