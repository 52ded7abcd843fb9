using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Tasks;

namespace EventMl.Training;

/// <summary>One training: a dataset version in, one model artifact out, or a reason why not.</summary>
internal sealed record TrainingTask(TaskLifecycle Life, TrainingRequested? Request, ModelTrained? Trained) : ITask<TrainingTask>
{
    public static string Category => "training_task";

    public static TrainingTask Initial { get; } = new(TaskLifecycle.None, null, null);

    public string? Name => Request?.Name;

    public string? Needs => Request is null ? null : $"{DatasetReading.Category}-{Request.Dataset}";

    public Decision Decide(TrainingRequested request) =>
        Life.Exists ? Decision.Nothing : Decision.Of(request);

    public Decision Start(string taskId, int attempt, string worker, int resumedAfterEpoch, DateTimeOffset now) =>
        Trained is null && Life.MayStart(attempt)
            ? Decision.Of(new TrainingStarted(taskId, attempt, worker, resumedAfterEpoch, now))
            : Decision.Nothing;

    /// <summary>As any task, but a trained model is not thrown away.</summary>
    public Decision Cancel(string taskId, string code, bool workerHasIt, DateTimeOffset now) =>
        Life.RefuseCancel(taskId) is { } refusal ? new Decision([], refusal)
        : Trained is not null ? Decision.Refuse(ErrorCodes.TaskNotRunning, $"Task '{taskId}' has finished training and is being registered; delete the model instead.")
        : workerHasIt ? (Life.CancelCode is null ? Decision.Of(new TrainingCancelRequested(taskId, code, now)) : Decision.Nothing)
        : Life.CancelCode is { } asked ? Decision.Of(new TrainingFailed(taskId, Life.Attempt, TaskLifecycle.CancelError(asked), null, now))
        : Decision.Of(
            new TrainingCancelRequested(taskId, code, now),
            new TrainingFailed(taskId, Life.Attempt, TaskLifecycle.CancelError(code), null, now));

    public Decision Train(ModelTrained trained) =>
        Trained is null && Life.IsHeldBy(trained.Attempt) ? Decision.Of(trained) : Decision.Nothing;

    public Decision Complete(CompleteTraining command, DateTimeOffset now) =>
        !Life.Exists ? Decision.Refuse(ErrorCodes.TaskNotFound, $"Task '{command.TaskId}' does not exist.")
        : Trained is null ? Decision.Refuse(ErrorCodes.InvalidRequest, $"Task '{command.TaskId}' has not trained a model yet.")
        : Life.IsLive ? Decision.Of(new TrainingCompleted(command.TaskId, command.Model, command.ModelVersion, Trained.Metrics, now))
        : Decision.Nothing;

    /// <summary>Ends a task for which nothing more will come: well when the registry has its model after all, else with the error; without one it goes on.</summary>
    public Decision Settle(SettleTraining command, long? registered, DateTimeOffset now) =>
        !Life.Exists ? Decision.Refuse(ErrorCodes.TaskNotFound, $"Task '{command.TaskId}' does not exist.")
        : !Life.IsLive ? Decision.Nothing
        : Trained is not null && registered is { } version ? Decision.Of(new TrainingCompleted(command.TaskId, Trained.Output, version, Trained.Metrics, now))
        : command.Error is { } error ? Decision.Of(new TrainingFailed(command.TaskId, Life.Attempt, error, null, now))
        : Decision.Nothing;

    public Decision Fail(string taskId, int attempt, TaskError error, string? logTail, DateTimeOffset now) =>
        Trained is null && Life.IsHeldBy(attempt)
            ? Decision.Of(new TrainingFailed(taskId, attempt, error, logTail, now))
            : Decision.Nothing;

    public TrainingTask Evolve(object @event) => @event switch
    {
        TrainingRequested e => new TrainingTask(Life.Requested(), e, null),
        TrainingStarted e => this with { Life = Life.Started(e.Attempt) },
        TrainingCancelRequested e => this with { Life = Life.CancelRequested(e.Code) },
        ModelTrained e => this with { Trained = e },
        TrainingCompleted => this with { Life = Life.Ended(TaskStatuses.Completed) },
        TrainingFailed => this with { Life = Life.Ended(TaskStatuses.Failed) },
        _ => this,
    };
}
