using EventMl.Bus;

namespace EventMl.Sagas.Ingestion;

/// <summary>Where one ingestion stands.</summary>
public sealed class IngestionState : SagaState
{
    /// <summary>The task.</summary>
    public string TaskId { get; set; } = "";
}

/// <summary>The time limit of an ingestion is over, or it has not ended since it was asked to.</summary>
public sealed record IngestionDeadlineExpired(string TaskId);

/// <summary>An ingestion has been asked to end for so long that nobody waits for it any more.</summary>
public sealed record IngestionGivenUp(string TaskId);
