using System.Text.Json;
using System.Text.Json.Serialization;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Tasks;
using Npgsql;

namespace EventMl.Datasets.Viewing;

/// <summary>What REST shows of an ingestion.</summary>
internal sealed record IngestionTaskRow(
    string Id, string Name, string Status, DateTimeOffset CreatedAt, DateTimeOffset? CompletedAt,
    string Input, string? Script, string? Source, JsonElement Params, string Output, int Attempt,
    JsonElement? Stats, long? Version, TaskError? Error, string? LogTail) : ITaskRow<IngestionTaskRow>
{
    /// <summary>How far a running task is; shown, never recorded.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JobProgress? Progress { get; init; }

    public IngestionTaskRow WithProgress(JobProgress? progress) => this with { Progress = progress };
}

internal sealed class IngestionTaskView(NpgsqlDataSource dataSource)
    : View<IngestionTaskRow>(dataSource, DatasetsModule.Schema, "ingestion_task_view", IngestionTask.Category)
{
    public override IngestionTaskRow? Apply(IngestionTaskRow? row, StoredEvent @event) => @event.Data switch
    {
        IngestionRequested e => new(
            e.TaskId, e.Name, TaskStatuses.Pending, e.RequestedAt, null, e.Input, e.Script, e.Source, e.Params, e.Output, 0, null, null, null, null),
        IngestionStarted e => row! with { Status = TaskStatuses.Running, Attempt = e.Attempt },
        IngestionCompleted e => row! with { Status = TaskStatuses.Completed, CompletedAt = e.CompletedAt, Stats = e.Stats, Version = e.Version },
        IngestionFailed e => row! with { Status = TaskStatuses.Failed, CompletedAt = e.FailedAt, Error = e.Error, LogTail = e.LogTail },
        _ => row,
    };
}
