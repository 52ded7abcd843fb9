using MassTransit;

namespace EventMl.Bus;

/// <summary>What a state machine can do to the world: every verb is a row in the message's own transaction.</summary>
public static class SagaVerbs
{
    /// <summary>Asks for a command to be carried out; it is sent after the commit. Null asks for nothing.</summary>
    public static EventActivityBinder<TState, TMessage> Ask<TState, TMessage, TCommand>(
        this EventActivityBinder<TState, TMessage> binder, Func<BehaviorContext<TState, TMessage>, TCommand?> command)
        where TState : SagaState
        where TMessage : class
        where TCommand : class =>
        binder.Then(context =>
        {
            if (command(context) is { } message)
            {
                Transaction(context).Send(context.Saga.CorrelationId, null, TimeSpan.Zero, message);
            }
        });

    /// <summary>Publishes a message to the saga itself (or others) after a delay; a second one under the same name replaces the first.</summary>
    public static EventActivityBinder<TState, TMessage> Schedule<TState, TMessage, TTimeout>(
        this EventActivityBinder<TState, TMessage> binder, string name, Func<BehaviorContext<TState, TMessage>, TimeSpan> delay, Func<BehaviorContext<TState, TMessage>, TTimeout> message)
        where TState : SagaState
        where TMessage : class
        where TTimeout : class =>
        binder.Then(context => Transaction(context).Send(context.Saga.CorrelationId, name, delay(context), message(context)));

    /// <summary>Takes back what was scheduled under a name; nothing happens when there is none.</summary>
    public static EventActivityBinder<TState, TMessage> Unschedule<TState, TMessage>(this EventActivityBinder<TState, TMessage> binder, string name)
        where TState : SagaState
        where TMessage : class =>
        binder.Then(context => Transaction(context).Unschedule(context.Saga.CorrelationId, name));

    /// <inheritdoc cref="Ask{TState,TMessage,TCommand}"/>
    public static EventActivityBinder<TState> Ask<TState, TCommand>(this EventActivityBinder<TState> binder, Func<BehaviorContext<TState>, TCommand?> command)
        where TState : SagaState
        where TCommand : class =>
        binder.Then(context =>
        {
            if (command(context) is { } message)
            {
                Transaction(context).Send(context.Saga.CorrelationId, null, TimeSpan.Zero, message);
            }
        });

    /// <inheritdoc cref="Unschedule{TState,TMessage}"/>
    public static EventActivityBinder<TState> Unschedule<TState>(this EventActivityBinder<TState> binder, string name)
        where TState : SagaState =>
        binder.Then(context => Transaction(context).Unschedule(context.Saga.CorrelationId, name));

    private static SagaTransaction Transaction(PipeContext context) => context.TryGetPayload<SagaTransaction>(out var transaction)
        ? transaction
        : throw new InvalidOperationException("Ask, Schedule and Unschedule work only in sagas added with AddSaga.");
}
