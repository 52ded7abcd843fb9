namespace EventMl.EventStore;

/// <summary>Wakes the sequencer, the relay and the followers of this process after commits: coalesced, never inside a transaction.</summary>
public sealed class LedgerSignal
{
    /// <summary>Something was committed by this process, or another process said so.</summary>
    internal Pulse Appended { get; } = new();

    /// <summary>Something was committed by this process; others are to be told.</summary>
    internal Pulse AppendedHere { get; } = new();

    /// <summary>Events got positions.</summary>
    internal Pulse Sequenced { get; } = new();

    /// <summary>Whether the sequencer runs in this process, so that nobody else has to be told.</summary>
    internal bool SequencesHere { get; set; }

    /// <summary>Something was committed.</summary>
    public void Raise()
    {
        Appended.Raise();
        AppendedHere.Raise();
    }
}

/// <summary>Wakes all who wait. Take <see cref="Next"/> before looking for work, so that nothing is missed in between.</summary>
internal sealed class Pulse
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Next => Volatile.Read(ref _next).Task;

    public void Raise() => Interlocked.Exchange(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
}

/// <summary>Waiting without exceptions.</summary>
internal static class PulseExtensions
{
    /// <summary>Returns at the pulse, after the limit, or when cancelled.</summary>
    public static async Task UntilAsync(this Task next, TimeSpan limit, CancellationToken cancellationToken) =>
        await next.WaitAsync(limit, TimeProvider.System, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
