using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace EventMl.Bus;

/// <summary>
/// Tells whether a queue is still the one that was set up. An exchange of its own is bound to it and deletes itself with its last binding: whoever deletes the queue,
/// or wipes the broker, takes the exchange along, and declaring the queue again does not bring it back. AMQP has no other way to see that a queue is a new one.
/// </summary>
internal sealed class QueuePresence(IConnection connection, BusOptions options) : IAsyncDisposable
{
    private IChannel? _channel;

    /// <summary>Whether the queue was never deleted since <see cref="MarkAsync"/>.</summary>
    /// <exception cref="OperationInterruptedException">The broker cannot tell.</exception>
    public async Task<bool> IsMarkedAsync(string queue, CancellationToken cancellationToken)
    {
        // The broker closes the channel with every refusal.
        _channel = _channel is { IsOpen: true } ? _channel : await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        try
        {
            await _channel.ExchangeDeclarePassiveAsync(Exchange(queue), cancellationToken);
            return true;
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == Constants.NotFound)
        {
            return false;
        }
    }

    /// <summary>Marks a queue that exists.</summary>
    public async Task MarkAsync(string queue, CancellationToken cancellationToken)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await channel.ExchangeDeclareAsync(Exchange(queue), ExchangeType.Fanout, durable: true, autoDelete: true, cancellationToken: cancellationToken);
        await channel.QueueBindAsync(options.QueuePrefix + queue, Exchange(queue), "", cancellationToken: cancellationToken);
    }

    public ValueTask DisposeAsync() => _channel?.DisposeAsync() ?? ValueTask.CompletedTask;

    private string Exchange(string queue) => $"eventml.present.{options.QueuePrefix}{queue}";
}
