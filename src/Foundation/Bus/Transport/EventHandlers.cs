using EventMl.EventStore;
using MassTransit;

namespace EventMl.Bus;

/// <summary>An area's reaction to an event of another area; runs once per event in one ledger transaction.</summary>
/// <typeparam name="TEvent">The event of Contracts.</typeparam>
public interface IEventHandler<TEvent>
    where TEvent : class
{
    /// <summary>Reacts by appending or by writing rows through <see cref="ObserverContext.Transaction"/>.</summary>
    Task HandleAsync(TEvent @event, ObserverContext context, CancellationToken cancellationToken);
}

/// <summary>What an event handler may use.</summary>
/// <param name="Transaction">The open transaction; committed after the handler returns.</param>
/// <param name="Metadata">Who caused the event; goes with every append.</param>
/// <param name="Now">The ledger's time.</param>
/// <param name="MessageId">Id of the event, if it has one.</param>
public sealed record ObserverContext(LedgerTransaction Transaction, EventMetadata Metadata, DateTimeOffset Now, Guid? MessageId);

/// <summary>An area with an inbox of its own for one event.</summary>
internal sealed record ObserverRoute<TEvent, TObserver>(string Area, string Queue);

/// <summary>Takes an event from the bus to its observer: inbox, reaction, commit.</summary>
internal sealed class ObserverConsumer<TEvent, TObserver>(Ledger ledger, TObserver observer, ObserverRoute<TEvent, TObserver> route, Caller caller) : IConsumer<TEvent>
    where TEvent : class
    where TObserver : class, IEventHandler<TEvent>
{
    public async Task Consume(ConsumeContext<TEvent> context)
    {
        caller.RequireOwn(context, route.Queue);
        var call = caller.Identify(context, route.Queue);
        var metadata = CommandDoor.Metadata(call);
        using var area = AreaScope.Enter(route.Area);
        await ledger.InTransactionAsync(
            async transaction =>
            {
                if (call.MessageId is { } id
                    && !await Inbox.TryAddAsync(transaction.Connection, transaction.Transaction, route.Area, route.Queue, id, transaction.Now, context.CancellationToken))
                {
                    return false;
                }

                await observer.HandleAsync(context.Message, new ObserverContext(transaction, metadata, transaction.Now, call.MessageId), context.CancellationToken);
                return true;
            },
            context.CancellationToken);
    }
}
