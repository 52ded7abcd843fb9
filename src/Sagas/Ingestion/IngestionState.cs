using MassTransit;

namespace EventMl.Sagas.Ingestion;

/// <summary>Where one ingestion stands.</summary>
public sealed class IngestionState : SagaStateMachineInstance, ISagaVersion
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

/// <summary>The time limit of an ingestion is over.</summary>
public sealed record IngestionDeadlineExpired(string TaskId);
