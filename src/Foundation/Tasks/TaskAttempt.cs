using System.Text.Json;
using EventMl.Contracts;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Jobs.Scripts;
using EventMl.Lake;

namespace EventMl.Tasks;

/// <summary>What every executor works with.</summary>
public sealed record TaskTools(Ledger Ledger, LakeStore Lake, ScriptProcess Process, TaskCommands Commands, TaskFolders Folders, TimeProvider Clock);

/// <summary>One attempt at a task.</summary>
/// <param name="Task">The task's state when the attempt began.</param>
/// <param name="Lease">The right to execute it.</param>
/// <param name="Metadata">Goes with everything the attempt appends.</param>
/// <param name="Folder">Where it works.</param>
public sealed record TaskAttempt<TTask>(TTask Task, JobLease Lease, EventMetadata Metadata, TaskFolder Folder);

/// <summary>What the child process of an attempt shall do.</summary>
/// <param name="Script">The user's script; null for the platform's own job of the kind.</param>
/// <param name="InputPath">Folder or file to read.</param>
/// <param name="Params">Parameters as the user gave them.</param>
/// <param name="Extra">What the platform adds for its own job.</param>
/// <param name="TimeoutSeconds">Longest run.</param>
public sealed record TaskWork(string? Script, string InputPath, JsonElement Params, JsonElement Extra, int TimeoutSeconds);

/// <summary>Work, or the reason why there is none.</summary>
public readonly record struct Preparation(TaskWork? Work, TaskError? Error)
{
    /// <summary>The child process can begin.</summary>
    public static Preparation Of(TaskWork work) => new(work, null);

    /// <summary>The task fails before a child process begins.</summary>
    public static Preparation Failed(string code, string message) => new(null, new TaskError(code, message));
}

/// <summary>Writes down what a child process says beside its progress.</summary>
public interface ITaskRecorder
{
    /// <summary>Takes one message.</summary>
    Task AddAsync(ScriptMessage message);

    /// <summary>Writes what is waiting.</summary>
    /// <exception cref="JobFencedException">Another worker has the task.</exception>
    Task FlushAsync();
}
