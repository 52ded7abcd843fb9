namespace EventMl.EventStore;

/// <summary>Wakes the sequencer after commits: coalesced, never inside a transaction.</summary>
public sealed class LedgerSignal : IDisposable
{
    private readonly SemaphoreSlim _semaphore = new(0, 1);

    /// <summary>Something was committed.</summary>
    public void Raise()
    {
        try
        {
            _semaphore.Release();
        }
        catch (SemaphoreFullException)
        {
            // A wake-up is pending already.
        }
    }

    /// <inheritdoc />
    public void Dispose() => _semaphore.Dispose();

    /// <summary>Waits for the next signal, at most the given time.</summary>
    public Task WaitAsync(TimeSpan limit, CancellationToken cancellationToken) => _semaphore.WaitAsync(limit, cancellationToken);
}
