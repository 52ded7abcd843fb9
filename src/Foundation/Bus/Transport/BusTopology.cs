using MassTransit;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace EventMl.Bus;

/// <summary>Declares what MassTransit would declare at the start of each endpoint: message exchange → queue's exchange → queue, all durable fanouts.</summary>
internal static class BusTopology
{
    public static async Task DeclareAsync(BusOptions options, BusRegistrations registrations, IEnumerable<Type> messages, CancellationToken cancellationToken)
    {
        await using var connection = await options.Broker.ConnectAsync("eventml declare", cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        foreach (var message in messages)
        {
            await ExchangeAsync(channel, BusNames.Exchange(message), cancellationToken);
        }

        foreach (var endpoint in registrations.Endpoints)
        {
            await DeclareAsync(connection, options, endpoint.Queue, [.. endpoint.Messages().Select(BusNames.Exchange)], cancellationToken);
        }
    }

    /// <summary>One queue, bound to the exchanges of what it takes.</summary>
    /// <exception cref="QueueKindException">It exists as a queue of the other kind.</exception>
    public static async Task DeclareAsync(IConnection connection, BusOptions options, string name, IEnumerable<string> exchanges, CancellationToken cancellationToken)
    {
        var queue = options.QueuePrefix + name;
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await ExchangeAsync(channel, queue, cancellationToken);
        await QueueAsync(connection, queue, options, cancellationToken);
        if (options.Quorum)
        {
            // Those of classic queues are made by their first message; a cluster must not find ones of the wrong kind by then.
            await DeclareDeadAsync(connection, queue + "_error", options, cancellationToken);
            await DeclareDeadAsync(connection, queue + "_skipped", options, cancellationToken);
        }

        foreach (var exchange in exchanges)
        {
            await ExchangeAsync(channel, exchange, cancellationToken);
            await channel.ExchangeBindAsync(queue, exchange, "", cancellationToken: cancellationToken);
        }
    }

    /// <summary>A dead letter queue as MassTransit declares it at the first message it moves there.</summary>
    /// <exception cref="QueueKindException">It exists as a queue of the other kind.</exception>
    public static async Task DeclareDeadAsync(IConnection connection, string queue, BusOptions options, CancellationToken cancellationToken)
    {
        await using (var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken))
        {
            await ExchangeAsync(channel, queue, cancellationToken);
        }

        await QueueAsync(connection, queue, options, cancellationToken);
    }

    /// <summary>The messages a state machine listens to.</summary>
    public static IEnumerable<Type> MessagesOf<TState>(SagaStateMachine<TState> machine)
        where TState : SagaState =>
        machine.Events
            .SelectMany(e => e.GetType().GetInterfaces())
            .Where(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(Event<>))
            .Select(i => i.GetGenericArguments()[0])
            .Distinct();

    // A queue of the other kind gives way when nobody uses it and nothing is in it; the broker looks and deletes in one step.
    private static async Task QueueAsync(IConnection connection, string queue, BusOptions options, CancellationToken cancellationToken)
    {
        try
        {
            await DeclareQueueAsync(connection, queue, options, cancellationToken);
        }
        catch (OperationInterruptedException e) when (QueueKindException.Tells(e))
        {
            try
            {
                await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
                await channel.QueueDeleteAsync(queue, ifUnused: true, ifEmpty: true, cancellationToken: cancellationToken);
            }
            catch (OperationInterruptedException)
            {
                throw new QueueKindException(queue, options.Quorum, e);
            }

            await DeclareQueueAsync(connection, queue, options, cancellationToken);
        }
    }

    private static async Task DeclareQueueAsync(IConnection connection, string queue, BusOptions options, CancellationToken cancellationToken)
    {
        // Of its own, since the broker closes the channel with every refusal.
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        var arguments = options.Quorum ? new Dictionary<string, object?>(StringComparer.Ordinal) { ["x-queue-type"] = "quorum" } : null;
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancellationToken);
        await channel.QueueBindAsync(queue, queue, "", cancellationToken: cancellationToken);
    }

    private static Task ExchangeAsync(IChannel channel, string name, CancellationToken cancellationToken) =>
        channel.ExchangeDeclareAsync(name, ExchangeType.Fanout, durable: true, autoDelete: false, cancellationToken: cancellationToken);
}

/// <summary>A queue is of the other kind than the settings ask for, and messages or listeners keep it from being replaced.</summary>
public sealed class QueueKindException(string queue, bool quorum, Exception? inner = null) : Exception(Text(queue, quorum), inner)
{
    internal static string Text(string queue, bool quorum) =>
        $"The queue '{queue}' exists as a {(quorum ? "classic" : "quorum")} queue, but EVENTML_BUS_QUORUM asks for {(quorum ? "quorum" : "classic")} queues. "
        + (quorum
            ? "Stop all hosts once its messages are handled and run the host with --declare, which replaces empty queues; "
            : "Set EVENTML_BUS_QUORUM to true; to go back to classic queues, stop all hosts once its messages are handled, delete the queue on the broker and run the host with --declare; ")
        + "or name a fresh virtual host in EVENTML_RABBITMQ.";

    internal static bool Tells(Exception e) => e.Message.Contains("inequivalent arg 'x-queue-type'", StringComparison.Ordinal) || (e.InnerException is { } inner && Tells(inner));
}
