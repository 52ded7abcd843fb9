using System.Text.Json;

namespace EventMl.Contracts.Training;

/// <summary>Asks for a model to be trained; repeating it with the same TaskId changes nothing.</summary>
public sealed record RequestTraining
{
    /// <summary>Id of the task (<c>train-…</c>); made from the message id when absent.</summary>
    public string? TaskId { get; init; }

    /// <summary>Name of the task; only one task of a name runs at a time.</summary>
    public string? Name { get; init; }

    /// <summary>Dataset to train on: a name, or <c>name@version</c>.</summary>
    public string? Input { get; init; }

    /// <summary>Training script under an allowed root; absent when <see cref="Model"/> declares the model.</summary>
    public string? Script { get; init; }

    /// <summary>Declared model (layers, input, output) for the built-in trainer.</summary>
    public JsonElement? Model { get; init; }

    /// <summary>Hyper-parameters, handed on as they are (a JSON object): <c>epochs, learning_rate, batch_size, device, seed, …</c></summary>
    public JsonElement? Params { get; init; }

    /// <summary>Name of the model to write; a further version if it exists.</summary>
    public string? Output { get; init; }

    /// <summary>Seconds after which the task is ended; 86,400 when absent.</summary>
    public int? TimeoutSeconds { get; init; }
}

/// <summary>Asks for a running training to end.</summary>
public sealed record CancelTraining
{
    /// <summary>The task to end.</summary>
    public string? TaskId { get; init; }

    /// <summary>Why, for the ledger; <c>TASK_CANCELLED</c> or <c>TASK_TIMED_OUT</c>.</summary>
    public string? Code { get; init; }
}

/// <summary>Asks the training workers to execute an accepted training.</summary>
public sealed record RunTraining(string TaskId);

/// <summary>Tells the training area that the trained model is in the registry, which completes the task.</summary>
public sealed record CompleteTraining(string TaskId, string Model, long ModelVersion);

/// <summary>Tells the training area that nothing more will come for a task: it is completed when the registry has its model, else failed with <see cref="Error"/>; without an error it stays as it is.</summary>
public sealed record SettleTraining(string TaskId)
{
    /// <summary>Why the task has failed unless its model is registered.</summary>
    public TaskError? Error { get; init; }
}

/// <summary>A training was accepted.</summary>
public sealed record TrainingRequested(
    string TaskId, string Name, string Dataset, long DatasetVersion, string DatasetUri, string DatasetSha256,
    string? Script, JsonElement? Model, JsonElement Params, string Output, int TimeoutSeconds, DateTimeOffset RequestedAt);

/// <summary>A command for a training was refused.</summary>
public sealed record TrainingRejected(string? TaskId, string? Name, string Command, string Code, string Message, DateTimeOffset RejectedAt);

/// <summary>A worker began an attempt; training goes on after epoch <paramref name="ResumedAfterEpoch"/>.</summary>
public sealed record TrainingStarted(string TaskId, int Attempt, string Worker, int ResumedAfterEpoch, DateTimeOffset StartedAt);

/// <summary>One pass over the training data is done and its checkpoint is on disk.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Attempt">The attempt that recorded it.</param>
/// <param name="Epoch">From 1.</param>
/// <param name="Epochs">How many there will be.</param>
/// <param name="Metrics">Train and validation metrics by name, all finite.</param>
/// <param name="LearningRate">Learning rate of the epoch.</param>
/// <param name="SamplesPerSecond">Throughput.</param>
/// <param name="ElapsedSeconds">Seconds of this epoch.</param>
/// <param name="RemainingSeconds">Estimate for the epochs to come.</param>
/// <param name="CompletedAt">When it was recorded.</param>
public sealed record EpochCompleted(
    string TaskId, int Attempt, int Epoch, int Epochs, IReadOnlyDictionary<string, double> Metrics,
    double? LearningRate, double? SamplesPerSecond, double? ElapsedSeconds, double? RemainingSeconds, DateTimeOffset CompletedAt);

/// <summary>The cancellation of a training was accepted; the task ends as failed.</summary>
public sealed record TrainingCancelRequested(string TaskId, string Code, DateTimeOffset RequestedAt);

/// <summary>Training ended well and the artifact is in the lake; registration follows.</summary>
public sealed record ModelTrained(
    string TaskId, int Attempt, string Output, string ArtifactUri, long ArtifactVersion, string ManifestSha256, string StoragePath, long SizeBytes,
    string Dataset, long DatasetVersion, string? Script, JsonElement Params, JsonElement Metrics, DateTimeOffset TrainedAt);

/// <summary>The model is registered and the task is over.</summary>
public sealed record TrainingCompleted(string TaskId, string Model, long ModelVersion, JsonElement Metrics, DateTimeOffset CompletedAt);

/// <summary>The task is over without a model.</summary>
public sealed record TrainingFailed(string TaskId, int Attempt, TaskError Error, string? LogTail, DateTimeOffset FailedAt);
