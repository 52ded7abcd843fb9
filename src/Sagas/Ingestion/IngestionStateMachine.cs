using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using MassTransit;

namespace EventMl.Sagas.Ingestion;

/// <summary>Requested → running → done; cancelled when its time is over, and asked to end again until it does or nobody waits any more.</summary>
public sealed class IngestionStateMachine : ProcessStateMachine<IngestionState>
{
    private const string Deadline = "deadline";
    private const string Patience = "patience";

    /// <summary>Declares the machine.</summary>
    public IngestionStateMachine(SagaOptions options)
    {
        Event(() => Requested, x => x.CorrelateById(m => SagaId.From(m.Message.TaskId)));
        Event(() => Completed, x => x.CorrelateById(m => SagaId.From(m.Message.TaskId)));
        Event(() => Failed, x => x.CorrelateById(m => SagaId.From(m.Message.TaskId)));
        Event(() => Expired, x => x.CorrelateById(m => SagaId.From(m.Message.TaskId)));
        Event(() => GivenUp, x => x.CorrelateById(m => SagaId.From(m.Message.TaskId)));

        Initially(
            When(Requested)
                .Then(c => c.Saga.TaskId = c.Message.TaskId)
                .Ask(c => new RunIngestion(c.Message.TaskId))
                .Schedule(Deadline, c => TimeSpan.FromSeconds(c.Message.TimeoutSeconds), c => new IngestionDeadlineExpired(c.Message.TaskId))
                .TransitionTo(Running),
            // Cancelled at once, its end may be heard before its beginning, which then changes nothing.
            When(Failed).Then(c => c.Saga.TaskId = c.Message.TaskId).TransitionTo(Abandoned));
        During(
            Running,
            When(Expired)
                .Ask(c => new CancelIngestion { TaskId = c.Message.TaskId, Code = ErrorCodes.TaskTimedOut })
                .Schedule(Deadline, _ => options.AnswerTimeout, c => c.Message)
                .Schedule(Patience, _ => options.Patience, c => new IngestionGivenUp(c.Message.TaskId))
                .TransitionTo(Cancelling));
        During(
            Cancelling,
            When(Expired)
                .Ask(c => new CancelIngestion { TaskId = c.Message.TaskId, Code = ErrorCodes.TaskTimedOut })
                .Schedule(Deadline, _ => options.AnswerTimeout, c => c.Message),
            When(GivenUp).Unschedule(Deadline).TransitionTo(Abandoned));
        During(
            [Running, Cancelling],
            When(Completed).Unschedule(Deadline).Unschedule(Patience).TransitionTo(Done),
            When(Failed).Unschedule(Deadline).Unschedule(Patience).TransitionTo(Abandoned));
    }

    /// <summary>A worker is, or will be, on it.</summary>
    public State Running { get; private set; } = null!;

    /// <summary>Its time is over and it shall end.</summary>
    public State Cancelling { get; private set; } = null!;

    /// <summary>Ended well.</summary>
    public State Done { get; private set; } = null!;

    /// <summary>Ended otherwise.</summary>
    public State Abandoned { get; private set; } = null!;

    /// <summary>Begins the saga.</summary>
    public Event<IngestionRequested> Requested { get; private set; } = null!;

    /// <summary>The dataset version is there.</summary>
    public Event<IngestionCompleted> Completed { get; private set; } = null!;

    /// <summary>There will be none.</summary>
    public Event<IngestionFailed> Failed { get; private set; } = null!;

    /// <summary>The time is over.</summary>
    public Event<IngestionDeadlineExpired> Expired { get; private set; } = null!;

    /// <summary>It does not end.</summary>
    public Event<IngestionGivenUp> GivenUp { get; private set; } = null!;
}
