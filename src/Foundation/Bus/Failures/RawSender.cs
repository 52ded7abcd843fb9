using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace EventMl.Bus;

/// <summary>Sends messages as they are, straight into a queue.</summary>
public sealed class RawSender : IAsyncDisposable
{
    private readonly BusOptions _options;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private IConnection? _connection;
    private IChannel? _channel;

    internal RawSender(BusOptions options) => _options = options;

    /// <summary>The message for its way back to its queue; see <see cref="RawMessage"/>.</summary>
    public RawMessage Redriven(RawMessage message, Guid fallbackId) => message.ForRedrive(fallbackId, _options.Broker.User);

    /// <summary>The message changed by <paramref name="actor"/>, in whose name it goes; a null header removes.</summary>
    public RawMessage Edited(RawMessage message, byte[]? body, string? contentType, IReadOnlyDictionary<string, object?> headers, string actor) =>
        message.Edited(body, contentType, headers, actor, _options.Broker.User);

    /// <summary>Puts a message into a queue; returns when the broker has it safe.</summary>
    /// <param name="queue">Name without the platform's prefix.</param>
    /// <param name="message">What to send.</param>
    /// <param name="cancellationToken">Ends the attempt; the message may be there all the same.</param>
    /// <exception cref="QueueMissingException">There is no such queue.</exception>
    public async Task SendAsync(string queue, RawMessage message, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var channel = await OpenAsync(cancellationToken);
            await channel.BasicPublishAsync("", _options.QueuePrefix + queue, mandatory: true, message.Properties, message.Body, cancellationToken);
        }
        catch (PublishException e) when (e.IsReturn)
        {
            throw new QueueMissingException(queue, e);
        }
        catch
        {
            // What became of the channel is not known; the next message gets a new one.
            await CloseAsync();
            throw;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _gate.Dispose();
    }

    private async Task<IChannel> OpenAsync(CancellationToken cancellationToken)
    {
        if (_channel is { IsOpen: true } open)
        {
            return open;
        }

        await CloseAsync();
        _connection = await _options.Broker.ConnectAsync("eventml redrive", cancellationToken);
        _channel = await _connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellationToken);
        return _channel;
    }

    private async Task CloseAsync()
    {
        var connection = _connection;
        (_connection, _channel) = (null, null);
        if (connection is not null)
        {
            await connection.DisposeAsync();
        }
    }
}

/// <summary>The queue that a message shall go back to does not exist.</summary>
public sealed class QueueMissingException(string queue, Exception inner)
    : Exception($"There is no queue '{queue}' on the broker; start its worker or run the host with --declare, then retry.", inner);
