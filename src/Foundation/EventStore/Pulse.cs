namespace EventMl.EventStore;

/// <summary>Wakes all who wait. Take <see cref="Next"/> before looking for work, so that nothing is missed in between.</summary>
public sealed class Pulse
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when it is raised next.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>Wakes them.</summary>
    public void Raise() => Interlocked.Exchange(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
}

/// <summary>Waiting without exceptions.</summary>
internal static class PulseExtensions
{
    /// <summary>Returns at the pulse, after the limit, or when cancelled.</summary>
    public static async Task UntilAsync(this Task next, TimeSpan limit, CancellationToken cancellationToken) =>
        await next.WaitAsync(limit, TimeProvider.System, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
