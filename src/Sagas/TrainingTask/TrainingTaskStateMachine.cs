using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Models;
using EventMl.Contracts.Training;
using MassTransit;

namespace EventMl.Sagas.TrainingTask;

/// <summary>Requested → training → registering → evaluating → judging → done; cancelled when its time is over.</summary>
public sealed class TrainingTaskStateMachine : ProcessStateMachine<TrainingTaskState>
{
    private const string Deadline = "deadline";

    /// <summary>Declares the machine.</summary>
    public TrainingTaskStateMachine()
    {
        Event(() => Requested, x => x.CorrelateById(m => Id(m.Message.TaskId)));
        Event(() => Trained, x => x.CorrelateById(m => Id(m.Message.TaskId)));
        Event(() => Failed, x => x.CorrelateById(m => Id(m.Message.TaskId)));
        Event(() => Expired, x => x.CorrelateById(m => Id(m.Message.TaskId)));
        Event(() => Registered, x => x.CorrelateById(m => Id(m.Message.TaskId)));
        Event(() => Evaluated, x => x.CorrelateById(m => Id(m.Message.TaskId)));
        Event(() => NotEvaluated, x => x.CorrelateById(m => Id(m.Message.TaskId)));
        Event(() => Promoted, x => x.CorrelateById(m => Id(m.Message.TaskId)));
        Event(() => Refused, x => x.CorrelateById(m => Id(m.Message.TaskId)));

        Initially(
            When(Requested)
                .Then(c => c.Saga.TaskId = c.Message.TaskId)
                .Ask(c => new RunTraining(c.Message.TaskId))
                .Schedule(Deadline, c => TimeSpan.FromSeconds(c.Message.TimeoutSeconds), c => new TrainingDeadlineExpired(c.Message.TaskId))
                .TransitionTo(Training));
        During(
            Training,
            When(Trained).Unschedule(Deadline).Ask(c => Register(c.Message)).TransitionTo(Registering),
            When(Failed).Unschedule(Deadline).TransitionTo(Abandoned),
            When(Expired).Ask(c => new CancelTraining { TaskId = c.Message.TaskId, Code = ErrorCodes.TaskTimedOut }));
        During(
            Registering,
            When(Registered)
                .Ask(c => new CompleteTraining(c.Message.TaskId, c.Message.Model, c.Message.Version))
                .Ask(c => new EvaluateModel { Model = c.Message.Model, Version = c.Message.Version })
                .TransitionTo(Evaluating));
        During(
            Evaluating,
            When(Evaluated).Ask(c => new PromoteModel { Model = c.Message.Model, Version = c.Message.Version }).TransitionTo(Judging),
            When(NotEvaluated).TransitionTo(Done));
        During(
            Judging,
            When(Promoted).TransitionTo(Done),
            When(Refused).TransitionTo(Done));
    }

    /// <summary>A worker is, or will be, on it.</summary>
    public State Training { get; private set; } = null!;

    /// <summary>The artifact enters the registry.</summary>
    public State Registering { get; private set; } = null!;

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

    /// <summary>There will be none.</summary>
    public Event<TrainingFailed> Failed { get; private set; } = null!;

    /// <summary>The time is over.</summary>
    public Event<TrainingDeadlineExpired> Expired { get; private set; } = null!;

    /// <summary>The version is in the registry.</summary>
    public Event<ModelRegistered> Registered { get; private set; } = null!;

    /// <summary>The version was measured.</summary>
    public Event<ModelEvaluated> Evaluated { get; private set; } = null!;

    /// <summary>The version could not be measured.</summary>
    public Event<EvaluationFailed> NotEvaluated { get; private set; } = null!;

    /// <summary>The version is champion.</summary>
    public Event<ModelPromoted> Promoted { get; private set; } = null!;

    /// <summary>The gate said no.</summary>
    public Event<PromotionRefused> Refused { get; private set; } = null!;

    private static Guid Id(string? taskId) => taskId is null ? Guid.Empty : SagaId.From(taskId);

    private static RegisterModel Register(ModelTrained trained) => new(
        trained.Output, trained.TaskId, trained.ArtifactUri, trained.ArtifactVersion, trained.ManifestSha256, trained.StoragePath, trained.SizeBytes,
        trained.Dataset, trained.DatasetVersion, trained.Script, trained.Params, trained.Metrics);
}
