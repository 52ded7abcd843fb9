using EventMl.Contracts;

namespace EventMl.Jobs;

/// <summary>The states of a task as REST names them; finer states are a phase.</summary>
public static class TaskStatuses
{
    /// <summary>Accepted, no worker has begun.</summary>
    public const string Pending = "pending";

    /// <summary>A worker is on it.</summary>
    public const string Running = "running";

    /// <summary>Ended well.</summary>
    public const string Completed = "completed";

    /// <summary>Ended otherwise; cancelled and timed out tasks too.</summary>
    public const string Failed = "failed";
}

/// <summary>What every kind of task has in common: whether it lives, which attempt holds it, whether it shall end.</summary>
/// <param name="Status">One of <see cref="TaskStatuses"/>; null before the task exists.</param>
/// <param name="Attempt">The attempt that holds the task; 0 before the first.</param>
/// <param name="CancelCode">Why the task shall end, once someone asked for it.</param>
public sealed record TaskLifecycle(string? Status, int Attempt, string? CancelCode)
{
    /// <summary>Before the first event.</summary>
    public static TaskLifecycle None { get; } = new(null, 0, null);

    /// <summary>Whether the task was ever accepted.</summary>
    public bool Exists => Status is not null;

    /// <summary>Whether the task may still change.</summary>
    public bool IsLive => Status is TaskStatuses.Pending or TaskStatuses.Running;

    /// <summary>After it was accepted.</summary>
    public TaskLifecycle Requested() => this with { Status = TaskStatuses.Pending };

    /// <summary>After an attempt began.</summary>
    public TaskLifecycle Started(int attempt) => this with { Status = TaskStatuses.Running, Attempt = attempt };

    /// <summary>After someone asked it to end.</summary>
    public TaskLifecycle CancelRequested(string code) => this with { CancelCode = code };

    /// <summary>After its end.</summary>
    public TaskLifecycle Ended(string status) => this with { Status = status };

    /// <summary>Whether a worker's attempt may still speak for the task; an older attempt is a zombie.</summary>
    public bool IsHeldBy(int attempt) => IsLive && attempt == Attempt;

    /// <summary>Whether a new attempt may begin.</summary>
    public bool MayStart(int attempt) => IsLive && attempt > Attempt;

    /// <summary>Why a cancellation is refused, or null when it is allowed.</summary>
    public Refusal? RefuseCancel(string taskId) =>
        !Exists ? new Refusal(ErrorCodes.TaskNotFound, $"Task '{taskId}' does not exist; list the tasks to find its id.")
        : !IsLive ? new Refusal(ErrorCodes.TaskNotRunning, $"Task '{taskId}' has already ended as '{Status}'; there is nothing to cancel.")
        : null;

    /// <summary>The error of a task that was asked to end.</summary>
    public static TaskError CancelError(string code) => new(code, code == ErrorCodes.TaskTimedOut
        ? "The task ran past its time limit and was ended; give it more time with timeout_seconds, or less to do."
        : "The task was cancelled.");
}
