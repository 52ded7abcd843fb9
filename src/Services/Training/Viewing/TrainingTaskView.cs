using System.Text.Json;
using System.Text.Json.Serialization;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Tasks;
using Npgsql;

namespace EventMl.Training.Viewing;

/// <summary>The model version a task made.</summary>
internal sealed record TrainedModelReference(string Name, long Version);

/// <summary>What REST shows of a training.</summary>
internal sealed record TrainingTaskRow(
    string Id, string Name, string Status, string? Phase, DateTimeOffset CreatedAt, DateTimeOffset? CompletedAt,
    string Input, long InputVersion, string? Script, JsonElement? Declared, JsonElement Params, string Output, int Attempt,
    JsonElement? Metrics, TrainedModelReference? Model, TaskError? Error, string? LogTail) : ITaskRow<TrainingTaskRow>
{
    /// <summary>How far a running task is; shown, never recorded.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JobProgress? Progress { get; init; }

    public TrainingTaskRow WithProgress(JobProgress? progress) => this with { Progress = progress };
}

internal sealed class TrainingTaskView(NpgsqlDataSource dataSource)
    : View<TrainingTaskRow>(dataSource, TrainingModule.Schema, "training_task_view", TrainingTask.Category)
{
    public override TrainingTaskRow? Apply(TrainingTaskRow? row, StoredEvent @event) => @event.Data switch
    {
        TrainingRequested e => new(
            e.TaskId, e.Name, TaskStatuses.Pending, "queued", e.RequestedAt, null, e.Dataset, e.DatasetVersion, e.Script, e.Model, e.Params, e.Output, 0, null, null, null, null),
        TrainingStarted e => row! with { Status = TaskStatuses.Running, Phase = "training", Attempt = e.Attempt },
        TrainingCancelRequested => row! with { Phase = "cancelling" },
        ModelTrained e => row! with { Phase = "registering", Metrics = e.Metrics },
        TrainingCompleted e => row! with { Status = TaskStatuses.Completed, Phase = null, CompletedAt = e.CompletedAt, Model = new(e.Model, e.ModelVersion) },
        TrainingFailed e => row! with { Status = TaskStatuses.Failed, Phase = null, CompletedAt = e.FailedAt, Error = e.Error, LogTail = e.LogTail },
        _ => row,
    };
}
