using EventMl.Bus;

namespace EventMl.Sagas.TrainingTask;

/// <summary>Where one training stands.</summary>
public sealed class TrainingTaskState : SagaState
{
    /// <summary>The task.</summary>
    public string TaskId { get; set; } = "";
}

/// <summary>The time limit of a training is over.</summary>
public sealed record TrainingDeadlineExpired(string TaskId);
