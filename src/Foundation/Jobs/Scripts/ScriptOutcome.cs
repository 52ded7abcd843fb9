using System.Text.Json;
using EventMl.Contracts;

namespace EventMl.Jobs.Scripts;

/// <summary>How a child process ended.</summary>
/// <param name="LogTail">The last 4 KiB of what it printed.</param>
public abstract record ScriptOutcome(string LogTail);

/// <summary>It returned a result and exit code 0.</summary>
/// <param name="Stats">What <c>run</c> returned, a JSON object without non-finite numbers.</param>
/// <param name="LogTail">The last 4 KiB of what it printed.</param>
public sealed record ScriptCompleted(JsonElement Stats, string LogTail) : ScriptOutcome(LogTail);

/// <summary>It did not.</summary>
/// <param name="Error">Code and reason: <c>SCRIPT_FAILED</c>, <c>SCRIPT_CRASHED</c>, <c>TASK_LIMIT_EXCEEDED</c>, <c>TASK_TIMED_OUT</c> or <c>TASK_CANCELLED</c>.</param>
/// <param name="LogTail">The last 4 KiB of what it printed.</param>
public sealed record ScriptFailure(TaskError Error, string LogTail) : ScriptOutcome(LogTail);
