using System.Diagnostics;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace EventMl.Bench;

/// <summary>RabbitMQ.Client alone: what the broker itself can do.</summary>
internal sealed class RawBroker : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly IChannel _channel;

    private RawBroker(IConnection connection, IChannel channel) => (_connection, _channel) = (connection, channel);

    public static async Task<RawBroker> OpenAsync(Uri broker)
    {
        var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync();
        return new RawBroker(connection, await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true)));
    }

    /// <summary>A durable queue that gets everything published to an exchange.</summary>
    public async Task BindAsync(string queue, string exchange)
    {
        await _channel.ExchangeDeclareAsync(exchange, ExchangeType.Fanout, durable: true);
        await _channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false);
        await _channel.QueueBindAsync(queue, exchange, "");
    }

    public Task PurgeAsync(string queue) => _channel.QueuePurgeAsync(queue);

    public async Task<uint> CountAsync(string queue) => (await _channel.QueueDeclarePassiveAsync(queue)).MessageCount;

    /// <summary>Whether the queue exists; error queues are made for their first message.</summary>
    public async Task<uint> CountIfAnyAsync(string queue)
    {
        await using var channel = await _connection.CreateChannelAsync();
        try
        {
            return (await channel.QueueDeclarePassiveAsync(queue)).MessageCount;
        }
        catch (RabbitMQ.Client.Exceptions.OperationInterruptedException)
        {
            return 0;
        }
    }

    /// <summary>Publishes persistent messages, so many at a time, and returns how many a second the broker confirmed.</summary>
    public async Task<double> PublishAsync(string exchange, int count, int atATime, ReadOnlyMemory<byte> body)
    {
        var began = Stopwatch.GetTimestamp();
        for (var done = 0; done < count; done += atATime)
        {
            await Task.WhenAll(Enumerable.Range(done, Math.Min(atATime, count - done)).Select(_ => SendAsync(exchange, Guid.CreateVersion7(), body)));
        }

        return count / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    public Task SendAsync(string exchange, Guid id, ReadOnlyMemory<byte> body) => _channel.BasicPublishAsync(
        exchange, "", mandatory: true, new BasicProperties { ContentType = "application/json", MessageId = id.ToString("D"), DeliveryMode = DeliveryModes.Persistent }, body).AsTask();

    /// <summary>Hears every message of a queue as it comes.</summary>
    public async Task HearAsync(string queue, Action<IReadOnlyBasicProperties, ReadOnlyMemory<byte>> hear)
    {
        var channel = await _connection.CreateChannelAsync();
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, message) =>
        {
            hear(message.BasicProperties, message.Body);
            await channel.BasicAckAsync(message.DeliveryTag, multiple: false);
        };
        await channel.BasicConsumeAsync(queue, autoAck: false, consumer);
    }

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
