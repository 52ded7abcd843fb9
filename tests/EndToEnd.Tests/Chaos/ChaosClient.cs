using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace EventMl.EndToEnd.Tests.Chaos;

/// <summary>A careful client: it sends under the same id until the broker confirms, however often that one is killed.</summary>
internal sealed class ChaosClient(Uri broker) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private readonly ConnectionFactory _factory = new() { Uri = broker, AutomaticRecoveryEnabled = false, ContinuationTimeout = TimeSpan.FromSeconds(10) };
    private IConnection? _connection;
    private IChannel? _channel;

    /// <summary>How often it had to send again because no confirmation came.</summary>
    public int Repeated { get; private set; }

    public Task SendAsync(ChaosCommand command) => SendAsync(command.Exchange, "", JsonSerializer.SerializeToUtf8Bytes(command.Body), command.Id);

    public async Task SendAsync(string exchange, string routingKey, byte[] body, Guid id)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                var channel = await ChannelAsync();
                using var confirm = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
                confirm.CancelAfter(TimeSpan.FromSeconds(10));
                await channel.BasicPublishAsync(
                    exchange, routingKey, mandatory: true,
                    new BasicProperties { ContentType = "application/json", MessageId = id.ToString("D"), Persistent = true }, body, confirm.Token);
                return;
            }
            catch (Exception e) when (e is RabbitMQClientException or IOException or OperationCanceledException or ObjectDisposedException && !limit.IsCancellationRequested)
            {
                Repeated++;
                await CloseAsync();
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
            }
        }
    }

    public async ValueTask DisposeAsync() => await CloseAsync();

    private async Task<IChannel> ChannelAsync()
    {
        if (_channel is { IsOpen: true } open)
        {
            return open;
        }

        await CloseAsync();
        _connection = await _factory.CreateConnectionAsync();
        return _channel = await _connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
    }

    private async Task CloseAsync()
    {
        try
        {
            if (_connection is { } connection)
            {
                await connection.CloseAsync(200, "", TimeSpan.FromSeconds(2), abort: true);
                await connection.DisposeAsync();
            }
        }
        catch (Exception e) when (e is RabbitMQClientException or IOException or ObjectDisposedException or OperationCanceledException or TimeoutException)
        {
            // The other side is dead.
        }

        (_connection, _channel) = (null, null);
    }
}
