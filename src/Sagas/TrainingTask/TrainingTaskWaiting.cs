using EventMl.Bus;
using MassTransit;

namespace EventMl.Sagas.TrainingTask;

/// <summary>How the saga waits: a limit for the training itself, and for every answer a reminder and an end of patience.</summary>
internal static class TrainingTaskWaiting
{
    private const string Deadline = "deadline";
    private const string Answer = "answer";
    private const string Patience = "patience";

    /// <summary>Hears <see cref="TrainingDeadlineExpired"/> after a time.</summary>
    public static EventActivityBinder<TrainingTaskState, T> Limit<T>(this EventActivityBinder<TrainingTaskState, T> binder, Func<BehaviorContext<TrainingTaskState, T>, TimeSpan> time)
        where T : class =>
        binder.Schedule(Deadline, time, c => new TrainingDeadlineExpired(c.Saga.TaskId));

    /// <summary>Waits in a state for an answer.</summary>
    public static EventActivityBinder<TrainingTaskState, T> Await<T>(this EventActivityBinder<TrainingTaskState, T> binder, State step, SagaOptions options, TimeSpan patience)
        where T : class => binder
        .Unschedule(Deadline)
        .Schedule(Answer, _ => options.AnswerTimeout, c => new TrainingAnswerOverdue(c.Saga.TaskId, step.Name))
        .Schedule(Patience, _ => patience, c => new TrainingAnswerGivenUp(c.Saga.TaskId, step.Name))
        .TransitionTo(step);

    /// <summary>Waits once more as long, with what is left of the patience.</summary>
    public static EventActivityBinder<TrainingTaskState, TrainingAnswerOverdue> Remind(this EventActivityBinder<TrainingTaskState, TrainingAnswerOverdue> binder, SagaOptions options) =>
        binder.Schedule(Answer, _ => options.AnswerTimeout, c => c.Message);

    /// <summary>Waits for nothing any more.</summary>
    public static EventActivityBinder<TrainingTaskState, T> End<T>(this EventActivityBinder<TrainingTaskState, T> binder, State state)
        where T : class => binder.Unschedule(Deadline).Unschedule(Answer).Unschedule(Patience).TransitionTo(state);
}
