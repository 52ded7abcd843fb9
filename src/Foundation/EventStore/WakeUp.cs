using System.Diagnostics.CodeAnalysis;

namespace EventMl.EventStore;

/// <summary>Wakes one worker of this process; calls made before it looks are one. A class of its own per worker lets the container tell them apart.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A SemaphoreSlim whose wait handle is never used holds nothing to release.")]
public class WakeUp
{
    private readonly SemaphoreSlim _semaphore = new(0, 1);

    /// <summary>There is work.</summary>
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

    /// <summary>Returns true when there is work, at once if there was since the last wait, and false after the limit.</summary>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public Task<bool> WaitAsync(TimeSpan limit, CancellationToken cancellationToken) => _semaphore.WaitAsync(limit, cancellationToken);
}
