using System.Text.Json;

namespace EventMl.Jobs;

/// <summary>A worker's right to execute a job; <paramref name="Attempt"/> is the fence of everything it writes.</summary>
/// <param name="Id">Id of the task.</param>
/// <param name="Kind">Which executor does it.</param>
/// <param name="Payload">What was enqueued, a JSON value.</param>
/// <param name="Attempt">From 1, one higher with every claim.</param>
/// <param name="Owner">The runner that holds the lease.</param>
public sealed record JobLease(string Id, string Kind, JsonElement Payload, int Attempt, string Owner);

/// <summary>What a renewal of a lease found.</summary>
/// <param name="Status">Whether the job is still ours.</param>
/// <param name="CancelCode">Why the job shall end, when that was asked for; one of the error codes.</param>
public readonly record struct LeaseState(LeaseStatus Status, string? CancelCode)
{
    /// <summary>The lease is ours and the job goes on.</summary>
    public static LeaseState Held { get; } = new(LeaseStatus.Held, null);

    /// <summary>The lease ran out or another worker has the job; nothing may be written any more.</summary>
    public static LeaseState Lost { get; } = new(LeaseStatus.Lost, null);

    /// <summary>The lease is ours, and the job shall end for the given reason.</summary>
    public static LeaseState CancelRequested(string code) => new(LeaseStatus.CancelRequested, code);
}

/// <summary>Whether a job is still its worker's.</summary>
public enum LeaseStatus
{
    /// <summary>Ours; go on.</summary>
    Held = 0,

    /// <summary>Ours, but it shall end.</summary>
    CancelRequested = 1,

    /// <summary>Not ours any more.</summary>
    Lost = 2,
}

/// <summary>The write of a runner was refused because its lease ran out or another worker has the job.</summary>
public sealed class JobFencedException : Exception
{
    /// <summary>With a standard message.</summary>
    public JobFencedException()
        : this("The job's lease is gone.")
    {
    }

    /// <summary>With a message.</summary>
    public JobFencedException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and a cause.</summary>
    public JobFencedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
