using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Models;

namespace EventMl.Sagas.TrainingTask;

/// <summary>Where one training stands.</summary>
public sealed class TrainingTaskState : SagaState
{
    /// <summary>The task.</summary>
    public string TaskId { get; set; } = "";

    /// <summary>What the registry is asked for, to ask again; null outside of registering.</summary>
    public RegisterModel? Registration { get; set; }

    /// <summary>Why the task has failed, once nothing more will come.</summary>
    public TaskError? Error { get; set; }

    /// <summary>The model that came out of it; empty before it is registered.</summary>
    public string Model { get; set; } = "";

    /// <summary>Its version; 0 before it is registered.</summary>
    public long ModelVersion { get; set; }
}

/// <summary>The time limit of a training is over.</summary>
public sealed record TrainingDeadlineExpired(string TaskId);

/// <summary>An answer has been missing for so long that the command is sent again.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Step">State of the saga that waits; in another one the message is late.</param>
public sealed record TrainingAnswerOverdue(string TaskId, string Step);

/// <summary>An answer has been missing for so long that nobody waits for it any more.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Step">State of the saga that waited.</param>
public sealed record TrainingAnswerGivenUp(string TaskId, string Step);
