using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Models;
using EventMl.Contracts.Training;
using MassTransit;

namespace EventMl.Sagas.TrainingTask;

/// <summary>Requested → training → registering → completing → evaluating → judging → done, or settled when there is no model; what is not answered is asked again until nobody waits any more.</summary>
public sealed partial class TrainingTaskStateMachine : ProcessStateMachine<TrainingTaskState>
{
    /// <summary>Declares the machine.</summary>
    public TrainingTaskStateMachine(SagaOptions options)
    {
        Correlate();
        Initially(
            When(Requested)
                .Then(c => c.Saga.TaskId = c.Message.TaskId)
                .Ask(c => new RunTraining(c.Message.TaskId))
                .Limit(c => TimeSpan.FromSeconds(c.Message.TimeoutSeconds))
                .TransitionTo(Training),
            // Cancelled at once, its end may be heard before its beginning, which then changes nothing.
            When(Failed).Then(c => c.Saga.TaskId = c.Message.TaskId).TransitionTo(Abandoned));
        During(
            Training,
            When(Trained).Then(c => c.Saga.Registration = Registration(c.Message)).Ask(c => c.Saga.Registration).Await(Registering, options, options.Patience),
            When(Expired).Ask(Cancel).Await(Training, options, options.Patience),
            OverdueIn(Training).Ask(Cancel).Remind(options),
            GivenUpIn(Training).Then(c => c.Saga.Error = NoWorker).Ask(Settle).Await(Settling, options, options.Patience),
            When(Failed).End(Abandoned));
        During(
            Registering,
            When(Registered).Then(c => Keep(c.Saga, c.Message.Model, c.Message.Version)).Ask(Complete).Await(Completing, options, options.Patience),
            When(Rejected, c => c.Message.Command == nameof(RegisterModel)).Then(c => c.Saga.Error = Refused(c.Message)).Ask(Settle).Await(Settling, options, options.Patience),
            OverdueIn(Registering).Ask(c => c.Saga.Registration).Ask(Settle).Remind(options),
            GivenUpIn(Registering).Then(c => c.Saga.Error = NoRegistry).Ask(Settle).Await(Settling, options, options.Patience),
            When(Completed).Then(c => Keep(c.Saga, c.Message.Model, c.Message.ModelVersion)).Ask(Evaluate).Await(Evaluating, options, options.EvaluationPatience),
            When(Failed).End(Abandoned));
        During(
            Settling,
            When(Completed).Then(c => Keep(c.Saga, c.Message.Model, c.Message.ModelVersion)).Ask(Evaluate).Await(Evaluating, options, options.EvaluationPatience),
            When(Failed).End(Abandoned),
            OverdueIn(Settling).Ask(Settle).Remind(options),
            GivenUpIn(Settling).End(Abandoned));
        During(
            Completing,
            When(Completed).Ask(Evaluate).Await(Evaluating, options, options.EvaluationPatience),
            OverdueIn(Completing).Ask(Complete).Remind(options),
            GivenUpIn(Completing).Ask(Evaluate).Await(Evaluating, options, options.EvaluationPatience));
        During(
            Evaluating,
            When(Evaluated).Ask(Promote).Await(Judging, options, options.Patience),
            When(NotEvaluated).End(Done),
            When(Promoted).End(Done),
            When(Rejected, c => c.Message.Command == nameof(EvaluateModel)).End(Done),
            OverdueIn(Evaluating).Ask(Evaluate).Remind(options),
            GivenUpIn(Evaluating).End(Done));
        During(
            Judging,
            When(Promoted).End(Done),
            When(NotPromoted).End(Done),
            When(Rejected, c => c.Message.Command == nameof(PromoteModel)).End(Done),
            OverdueIn(Judging).Ask(Promote).Remind(options),
            GivenUpIn(Judging).End(Done));
    }

    private static readonly TaskError NoWorker = new(
        ErrorCodes.TaskTimedOut, "The task ran past its time limit and no worker answered when it was to end; look whether a training worker is up, then start the training again.");

    private static readonly TaskError NoRegistry = new(
        ErrorCodes.Unavailable, "The model is trained and its artifact is in the lake, but the registry did not answer; look whether a models worker is up, then register the artifact or train again.");

    private static TaskError Refused(ModelRejected refusal) => new(refusal.Code, $"The registry refused the trained model: {refusal.Message}");

    private static void Keep(TrainingTaskState saga, string model, long version) => (saga.Model, saga.ModelVersion, saga.Registration, saga.Error) = (model, version, null, null);

    private static CancelTraining Cancel(BehaviorContext<TrainingTaskState> c) => new() { TaskId = c.Saga.TaskId, Code = ErrorCodes.TaskTimedOut };

    private static SettleTraining Settle(BehaviorContext<TrainingTaskState> c) => new(c.Saga.TaskId) { Error = c.Saga.Error };

    private static CompleteTraining Complete(BehaviorContext<TrainingTaskState> c) => new(c.Saga.TaskId, c.Saga.Model, c.Saga.ModelVersion);

    private static EvaluateModel Evaluate(BehaviorContext<TrainingTaskState> c) => new() { Model = c.Saga.Model, Version = c.Saga.ModelVersion, TaskId = c.Saga.TaskId };

    private static PromoteModel Promote(BehaviorContext<TrainingTaskState> c) => new() { Model = c.Saga.Model, Version = c.Saga.ModelVersion, TaskId = c.Saga.TaskId };

    private static RegisterModel Registration(ModelTrained trained) => new(
        trained.Output, trained.TaskId, trained.ArtifactUri, trained.ArtifactVersion, trained.ManifestSha256, trained.StoragePath, trained.SizeBytes,
        trained.Dataset, trained.DatasetVersion, trained.Script, trained.Params, trained.Metrics);

    // A timer may be on its way while the saga moves on; it speaks of the step it was set for.
    private EventActivityBinder<TrainingTaskState, TrainingAnswerOverdue> OverdueIn(State step) => When(Overdue, c => c.Message.Step == step.Name);

    private EventActivityBinder<TrainingTaskState, TrainingAnswerGivenUp> GivenUpIn(State step) => When(GivenUp, c => c.Message.Step == step.Name);
}
