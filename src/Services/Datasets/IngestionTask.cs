using System.Text.Json;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Tasks;

namespace EventMl.Datasets;

/// <summary>One ingestion: raw data in, one dataset version out, or a reason why not.</summary>
internal sealed record IngestionTask(TaskLifecycle Life, IngestionRequested? Request) : ITask<IngestionTask>
{
    public static string Category => "ingestion_task";

    public static IngestionTask Initial { get; } = new(TaskLifecycle.None, null);

    public string? Name => Request?.Name;

    public Decision Decide(IngestionRequested request) =>
        Life.Exists ? Decision.Nothing : Decision.Of(request);

    public Decision Start(string taskId, int attempt, string worker, DateTimeOffset now) =>
        Life.MayStart(attempt) ? Decision.Of(new IngestionStarted(taskId, attempt, worker, now)) : Decision.Nothing;

    public Decision Cancel(string taskId, string code, bool workerHasIt, DateTimeOffset now) =>
        Life.RefuseCancel(taskId) is { } refusal ? new Decision([], refusal)
        : workerHasIt ? (Life.CancelCode is null ? Decision.Of(new IngestionCancelRequested(taskId, code, now)) : Decision.Nothing)
        : Life.CancelCode is { } asked ? Decision.Of(new IngestionFailed(taskId, Life.Attempt, TaskLifecycle.CancelError(asked), null, now))
        : Decision.Of(
            new IngestionCancelRequested(taskId, code, now),
            new IngestionFailed(taskId, Life.Attempt, TaskLifecycle.CancelError(code), null, now));

    public Decision Complete(string taskId, int attempt, long version, JsonElement stats, DateTimeOffset now) =>
        Life.IsHeldBy(attempt)
            ? Decision.Of(new IngestionCompleted(taskId, attempt, Request!.Output, version, stats, now))
            : Decision.Nothing;

    public Decision Fail(string taskId, int attempt, TaskError error, string? logTail, DateTimeOffset now) =>
        Life.IsHeldBy(attempt)
            ? Decision.Of(new IngestionFailed(taskId, attempt, error, logTail, now))
            : Decision.Nothing;

    public IngestionTask Evolve(object @event) => @event switch
    {
        IngestionRequested e => new IngestionTask(Life.Requested(), e),
        IngestionStarted e => this with { Life = Life.Started(e.Attempt) },
        IngestionCancelRequested e => this with { Life = Life.CancelRequested(e.Code) },
        IngestionCompleted => this with { Life = Life.Ended(TaskStatuses.Completed) },
        IngestionFailed => this with { Life = Life.Ended(TaskStatuses.Failed) },
        _ => this,
    };
}
