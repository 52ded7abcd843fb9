using MassTransit;

namespace EventMl.Sagas.TrainingTask;

/// <summary>Where one training stands.</summary>
public sealed class TrainingTaskState : SagaStateMachineInstance, ISagaVersion
{
    /// <summary>Derived from the task id.</summary>
    public Guid CorrelationId { get; set; }

    /// <summary>Guards against lost updates.</summary>
    public int Version { get; set; }

    /// <summary>Name of the state.</summary>
    public string CurrentState { get; set; } = "";

    /// <summary>The task.</summary>
    public string TaskId { get; set; } = "";
}

/// <summary>The time limit of a training is over.</summary>
public sealed record TrainingDeadlineExpired(string TaskId);
