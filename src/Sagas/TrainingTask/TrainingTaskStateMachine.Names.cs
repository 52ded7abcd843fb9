using EventMl.Bus;
using EventMl.Contracts.Models;
using EventMl.Contracts.Training;
using MassTransit;

namespace EventMl.Sagas.TrainingTask;

/// <summary>The states it can be in and the messages it hears; their names are stored.</summary>
public sealed partial class TrainingTaskStateMachine
{
    /// <summary>A worker is, or will be, on it.</summary>
    public State Training { get; private set; } = null!;

    /// <summary>The artifact enters the registry.</summary>
    public State Registering { get; private set; } = null!;

    /// <summary>The task ends as completed.</summary>
    public State Completing { get; private set; } = null!;

    /// <summary>Nothing more will come: the task ends as failed unless its model is registered after all.</summary>
    public State Settling { get; private set; } = null!;

    /// <summary>The version is measured.</summary>
    public State Evaluating { get; private set; } = null!;

    /// <summary>The gate decides.</summary>
    public State Judging { get; private set; } = null!;

    /// <summary>Nothing is left to do.</summary>
    public State Done { get; private set; } = null!;

    /// <summary>Ended without a model.</summary>
    public State Abandoned { get; private set; } = null!;

    /// <summary>Begins the saga.</summary>
    public Event<TrainingRequested> Requested { get; private set; } = null!;

    /// <summary>The artifact is there.</summary>
    public Event<ModelTrained> Trained { get; private set; } = null!;

    /// <summary>There will be no model.</summary>
    public Event<TrainingFailed> Failed { get; private set; } = null!;

    /// <summary>The task is over, its model in the registry.</summary>
    public Event<TrainingCompleted> Completed { get; private set; } = null!;

    /// <summary>The version is in the registry.</summary>
    public Event<ModelRegistered> Registered { get; private set; } = null!;

    /// <summary>The version was measured.</summary>
    public Event<ModelEvaluated> Evaluated { get; private set; } = null!;

    /// <summary>The version could not be measured.</summary>
    public Event<EvaluationFailed> NotEvaluated { get; private set; } = null!;

    /// <summary>The version is champion.</summary>
    public Event<ModelPromoted> Promoted { get; private set; } = null!;

    /// <summary>The gate said no.</summary>
    public Event<PromotionRefused> NotPromoted { get; private set; } = null!;

    /// <summary>The registry refused a command, for example because the model was deleted meanwhile.</summary>
    public Event<ModelRejected> Rejected { get; private set; } = null!;

    /// <summary>The time limit of the training is over.</summary>
    public Event<TrainingDeadlineExpired> Expired { get; private set; } = null!;

    /// <summary>An answer is late.</summary>
    public Event<TrainingAnswerOverdue> Overdue { get; private set; } = null!;

    /// <summary>An answer is too late.</summary>
    public Event<TrainingAnswerGivenUp> GivenUp { get; private set; } = null!;

    private void Correlate()
    {
        Event(() => Requested, x => x.CorrelateById(m => Id(m.Message.TaskId)));
        Event(() => Trained, x => x.CorrelateById(m => Id(m.Message.TaskId)));
        Event(() => Failed, x => x.CorrelateById(m => Id(m.Message.TaskId)));
        Event(() => Completed, x => x.CorrelateById(m => Id(m.Message.TaskId)));
        Event(() => Registered, x => x.CorrelateById(m => Id(m.Message.TaskId)));
        Event(() => Evaluated, x => x.CorrelateById(m => Id(m.Message.TaskId)));
        Event(() => NotEvaluated, x => x.CorrelateById(m => Id(m.Message.TaskId)));
        Event(() => Promoted, x => x.CorrelateById(m => Id(m.Message.TaskId)));
        Event(() => NotPromoted, x => x.CorrelateById(m => Id(m.Message.TaskId)));
        Event(() => Rejected, x => x.CorrelateById(m => Id(m.Message.TaskId)));
        Event(() => Expired, x => x.CorrelateById(m => Id(m.Message.TaskId)));
        Event(() => Overdue, x => x.CorrelateById(m => Id(m.Message.TaskId)));
        Event(() => GivenUp, x => x.CorrelateById(m => Id(m.Message.TaskId)));
    }

    private static Guid Id(string? taskId) => taskId is null ? Guid.Empty : SagaId.From(taskId);
}
