using System.Collections.Frozen;
using System.Globalization;
using EventMl.Contracts;
using EventMl.EventStore;
using MassTransit;

namespace EventMl.Bus;

/// <summary>Publishes ledger events: confirmed by the broker, in order within a stream, streams at the same time; what somebody here listens for must reach a queue.</summary>
public sealed class LedgerPublisher : IEventPublisher
{
    private readonly IBus _bus;
    private readonly FrozenSet<Type> _heard;

    internal LedgerPublisher(IBus bus, BusRegistrations registrations)
    {
        _bus = bus;
        _heard = registrations.Endpoints.SelectMany(e => e.Messages()).ToFrozenSet();
    }

    /// <summary>Publishes what this build can read of <paramref name="events"/>; returns when the broker has confirmed all of it.</summary>
    public Task PublishAsync(IReadOnlyList<StoredEvent> events, CancellationToken cancellationToken) =>
        Task.WhenAll(events.Where(e => e.Data is not null).GroupBy(e => e.StreamId, StringComparer.Ordinal).Select(async stream =>
        {
            foreach (var e in stream)
            {
                await PublishAsync(e, cancellationToken);
            }
        }));

    /// <summary>Sends events to one queue only, in order; returns when the broker has confirmed all of them.</summary>
    internal async Task SendAsync(string queue, IReadOnlyCollection<StoredEvent> events, CancellationToken cancellationToken)
    {
        var endpoint = await _bus.GetSendEndpoint(new Uri($"exchange:{queue}"));
        foreach (var e in events)
        {
            await endpoint.Send(e.Data!, e.Data!.GetType(), context => { context.GetPayload<RabbitMqSendContext>().Mandatory = true; Address(context, e); }, cancellationToken);
        }
    }

    private async Task PublishAsync(StoredEvent e, CancellationToken cancellationToken)
    {
        var type = e.Data!.GetType();
        using var activity = BusTelemetry.Producer($"relay {e.Type}", e.Header(BusHeaders.TraceParent));
        try
        {
            // The broker confirms what reaches no queue; it is only returned when that was asked for.
            await _bus.Publish(e.Data, type, context => { context.Mandatory = _heard.Contains(type); Address(context, e); }, cancellationToken);
        }
        catch (MessageReturnedException returned)
        {
            throw new UnroutableEventException(type, returned);
        }
    }

    private static void Address(SendContext context, StoredEvent e)
    {
        var correlation = BusIds.FromText("correlation", e.CorrelationId);
        context.MessageId = e.Id;
        context.CorrelationId = correlation;
        context.ConversationId = correlation;
        context.InitiatorId = BusIds.FromText("causation", e.CausationId);
        Set(context, BusHeaders.EventStream, e.StreamId);
        Set(context, BusHeaders.EventVersion, e.Version.ToString(CultureInfo.InvariantCulture));
        Set(context, BusHeaders.EventPosition, e.Position?.ToString(CultureInfo.InvariantCulture));
        Set(context, BusHeaders.EventTime, e.Timestamp.ToString("O", CultureInfo.InvariantCulture));
        Set(context, BusHeaders.Actor, e.Header(BusHeaders.Actor));
        Set(context, BusHeaders.Correlation, e.CorrelationId);
        Set(context, BusHeaders.TraceParent, e.Header(BusHeaders.TraceParent));
        if (context.TryGetPayload<RabbitMqSendContext>(out var amqp))
        {
            amqp.BasicProperties.Timestamp = new RabbitMQ.Client.AmqpTimestamp(e.Timestamp.ToUnixTimeSeconds());
        }
    }

    private static void Set(SendContext context, string header, string? value)
    {
        if (value is not null)
        {
            context.Headers.Set(header, value);
        }
    }
}

/// <summary>An event that is listened for reached no queue; it waits in the ledger.</summary>
public sealed class UnroutableEventException(Type message, Exception inner)
    : Exception($"No queue is bound to '{BusNames.Exchange(message)}' although {message.Name} is listened for. Queues that were deleted are declared again by themselves; where only a binding was removed, run the host once with --declare. Nothing is published or lost until then.", inner);

/// <summary>Texts of the ledger as the UUIDs that MassTransit's envelope has room for.</summary>
internal static class BusIds
{
    public static Guid? FromText(string scope, string? text) =>
        text is null ? null : Guid.TryParse(text, out var id) ? id : Ids.Derive(scope, text);
}
