using EventMl.Bus;

namespace EventMl.Sagas.Ingestion;

/// <summary>Where one ingestion stands.</summary>
public sealed class IngestionState : SagaState
{
    /// <summary>The task.</summary>
    public string TaskId { get; set; } = "";
}

/// <summary>The time limit of an ingestion is over.</summary>
public sealed record IngestionDeadlineExpired(string TaskId);
