using EventMl.Contracts;

namespace EventMl.Jobs.Scripts;

/// <summary>How an outcome is told.</summary>
public static class TaskOutcomes
{
    /// <summary>The outcome with the reason for which the task was cancelled, such as <c>TASK_TIMED_OUT</c> from a saga's deadline.</summary>
    public static ScriptOutcome WithCancelCode(this ScriptOutcome outcome, string? code) =>
        outcome is ScriptFailure { Error.Code: ErrorCodes.TaskCancelled } failure && code is not null
            ? new ScriptFailure(TaskLifecycle.CancelError(code), failure.LogTail)
            : outcome;
}
