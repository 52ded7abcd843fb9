using MassTransit;
using RabbitMQ.Client;

namespace EventMl.Bus;

/// <summary>Declares what MassTransit would declare at the start of each endpoint: message exchange → queue's exchange → queue, all durable fanouts.</summary>
internal static class BusTopology
{
    public static async Task DeclareAsync(BusOptions options, BusRegistrations registrations, IEnumerable<Type> messages, CancellationToken cancellationToken)
    {
        var factory = new ConnectionFactory { Uri = new Uri(options.Address), ClientProvidedName = "eventml declare" };
        await using var connection = await factory.CreateConnectionAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        foreach (var message in messages)
        {
            await ExchangeAsync(channel, BusNames.Exchange(message), cancellationToken);
        }

        foreach (var endpoint in registrations.Endpoints)
        {
            var queue = options.QueuePrefix + endpoint.Queue;
            await ExchangeAsync(channel, queue, cancellationToken);
            await QueueAsync(channel, queue, options, cancellationToken);
            foreach (var message in endpoint.Messages())
            {
                var exchange = BusNames.Exchange(message);
                await ExchangeAsync(channel, exchange, cancellationToken);
                await channel.ExchangeBindAsync(queue, exchange, "", cancellationToken: cancellationToken);
            }
        }
    }

    /// <summary>A dead letter queue as MassTransit declares it at the first message it moves there.</summary>
    public static async Task DeclareDeadAsync(IChannel channel, string queue, BusOptions options, CancellationToken cancellationToken)
    {
        await ExchangeAsync(channel, queue, cancellationToken);
        await QueueAsync(channel, queue, options, cancellationToken);
    }

    /// <summary>The messages a state machine listens to.</summary>
    public static IEnumerable<Type> MessagesOf<TState>(SagaStateMachine<TState> machine)
        where TState : SagaState =>
        machine.Events
            .SelectMany(e => e.GetType().GetInterfaces())
            .Where(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(Event<>))
            .Select(i => i.GetGenericArguments()[0])
            .Distinct();

    private static async Task QueueAsync(IChannel channel, string queue, BusOptions options, CancellationToken cancellationToken)
    {
        var arguments = options.Quorum ? new Dictionary<string, object?>(StringComparer.Ordinal) { ["x-queue-type"] = "quorum" } : null;
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancellationToken);
        await channel.QueueBindAsync(queue, queue, "", cancellationToken: cancellationToken);
    }

    private static Task ExchangeAsync(IChannel channel, string name, CancellationToken cancellationToken) =>
        channel.ExchangeDeclareAsync(name, ExchangeType.Fanout, durable: true, autoDelete: false, cancellationToken: cancellationToken);
}
