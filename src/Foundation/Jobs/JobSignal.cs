using System.Diagnostics.CodeAnalysis;

namespace EventMl.Jobs;

/// <summary>Wakes the runner of the same process; coalesced.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A SemaphoreSlim whose wait handle is never used holds nothing to release.")]
internal sealed class JobSignal
{
    private readonly SemaphoreSlim _semaphore = new(0, 1);

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

    public Task<bool> WaitAsync(TimeSpan limit, CancellationToken cancellationToken) => _semaphore.WaitAsync(limit, cancellationToken);
}
