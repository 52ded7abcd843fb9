namespace EventMl.Jobs;

/// <summary>Tells an executor why its cancellation token fired.</summary>
public sealed class JobControl
{
    private volatile string? _cancelCode;
    private volatile bool _lost;
    private volatile bool _stopping;

    /// <summary>The error code with which the job shall end; null while nobody asked for that.</summary>
    public string? CancelCode => _cancelCode;

    /// <summary>True when the lease is gone: end the child and write nothing.</summary>
    public bool Lost => _lost;

    /// <summary>True when this host shuts down: end the child, write nothing; the job goes back to the queue.</summary>
    public bool Stopping => _stopping;

    /// <summary>True when the outcome of this attempt belongs to nobody: return without writing.</summary>
    public bool MustLeave => _lost || _stopping;

    internal void Cancel(string code) => _cancelCode ??= code;

    internal void Lose() => _lost = true;

    internal void Stop() => _stopping = true;
}

/// <summary>Does the jobs of one kind.</summary>
public interface IJobExecutor
{
    /// <summary>The kind of jobs it does.</summary>
    string Kind { get; }

    /// <summary>
    /// Does one job and ends it by <see cref="JobQueue.FinishAsync"/> in the transaction of its last event. The token fires on a request to
    /// cancel (already set when the job was cancelled while queued), a lost lease, or shutdown; <paramref name="control"/> says which.
    /// An exception leaves the job to be claimed again when its lease runs out.
    /// </summary>
    Task ExecuteAsync(JobLease lease, JobControl control, CancellationToken cancellationToken);
}
