using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace EventMl.Bus;

/// <summary>Empties every <c>_error</c> and <c>_skipped</c> queue of the platform into the store; several may run.</summary>
internal sealed class DeadLetterCollector(BusOptions options, QueueDirectory directory, IDeadLetterStore store, ILogger<DeadLetterCollector> log) : BackgroundService
{
    // Bodies may be large, and there is one consumer per queue.
    private const ushort Prefetch = 2;
    private static readonly TimeSpan PauseWithoutServer = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly Counter<long> Collected = BusTelemetry.Meter.CreateCounter<long>("eventml.bus.dead_letters", description: "Dead letters taken out of their queues and kept.");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.InMemory)
        {
            log.LogWarning("The bus is in memory: failed messages stay in its error queues until the process ends; they can be neither listed nor retried. Set the bus transport to 'rabbitmq' for that.");
            return;
        }

        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await CollectAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // The loop is a process edge: whatever broker and database do, it must go on.
                log.LogWarning("Dead letters cannot be collected ({Reason}); trying again in {Pause}", e.Message, PauseWithoutServer);
            }

            await Task.WhenAny(Task.Delay(PauseWithoutServer, stoppingToken));
        }
    }

    private async Task CollectAsync(CancellationToken cancellationToken)
    {
        await using var connection = await options.Broker.ConnectAsync("eventml dead letters", cancellationToken);
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.ConnectionShutdownAsync += (_, _) =>
        {
            closed.TrySetResult();
            return Task.CompletedTask;
        };
        var consumed = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        while (connection.IsOpen)
        {
            foreach (var queue in await directory.ListAsync(cancellationToken))
            {
                await BeginAsync(connection, queue.Name, skipped: false, consumed, cancellationToken);
                await BeginAsync(connection, queue.Name, skipped: true, consumed, cancellationToken);
            }

            await Task.WhenAny(closed.Task, Task.Delay(options.DeadLetterScanInterval, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private async Task BeginAsync(IConnection connection, string queue, bool skipped, ConcurrentDictionary<string, bool> consumed, CancellationToken cancellationToken)
    {
        var dead = $"{options.QueuePrefix}{queue}_{(skipped ? "skipped" : "error")}";
        if (!consumed.TryAdd(dead, true))
        {
            return;
        }

        // A channel of its own: what one queue does to it must not end the others.
        await BusTopology.DeclareDeadAsync(connection, dead, options, cancellationToken);
        var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        channel.ChannelShutdownAsync += (_, _) => ForgetAsync(dead);
        await channel.BasicQosAsync(0, Prefetch, global: false, cancellationToken);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.UnregisteredAsync += async (_, _) =>
        {
            // The queue was deleted; the next look declares it again.
            await ForgetAsync(dead);
            await channel.DisposeAsync();
        };
        consumer.ReceivedAsync += (_, delivery) => TakeAsync(channel, queue, skipped, delivery, cancellationToken);
        await channel.BasicConsumeAsync(dead, autoAck: false, consumer, cancellationToken);

        Task ForgetAsync(string name)
        {
            consumed.TryRemove(name, out var _);
            return Task.CompletedTask;
        }
    }

    private async Task TakeAsync(IChannel channel, string queue, bool skipped, BasicDeliverEventArgs delivery, CancellationToken cancellationToken)
    {
        try
        {
            // The client takes its buffer back when this returns.
            var letter = new DeadLetter(queue, skipped, delivery.Redelivered, new RawMessage(new BasicProperties(delivery.BasicProperties), delivery.Body.ToArray()));
            if (await KeepAsync(channel, letter, cancellationToken))
            {
                await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, cancellationToken);
                Collected.Add(1, new KeyValuePair<string, object?>("queue", queue));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or RabbitMQ.Client.Exceptions.AlreadyClosedException)
        {
            // It was not acknowledged, so the broker hands it out again; the store knows it by then.
        }
    }

    private async Task<bool> KeepAsync(IChannel channel, DeadLetter letter, CancellationToken cancellationToken)
    {
        for (var pause = PauseWithoutServer; channel.IsOpen; pause = pause < LongestPause / 2 ? pause * 2 : LongestPause)
        {
            try
            {
                await store.KeepAsync(letter, cancellationToken);
                return true;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.LogError(e, "A dead letter of {Queue} cannot be kept; it stays in its queue and is tried again in {Pause}", letter.Queue, pause);
                await Task.Delay(pause, cancellationToken);
            }
        }

        return false;
    }
}
