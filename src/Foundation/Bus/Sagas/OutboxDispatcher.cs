using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.Json;
using EventMl.EventStore;
using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EventMl.Bus;

/// <summary>Sends what sagas asked for and what has fallen due; several may run.</summary>
internal sealed class OutboxDispatcher(Ledger ledger, IBus bus, OutboxSignal signal, BusOptions options, ILogger<OutboxDispatcher> log) : BackgroundService
{
    private const int BatchSize = 200;
    private static readonly TimeSpan PauseWithoutBroker = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PauseUnroutable = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PauseUnreadable = TimeSpan.FromMinutes(1);
    private static readonly Counter<long> Sent = BusTelemetry.Meter.CreateCounter<long>("eventml.bus.outbox_sent", description: "Saga messages confirmed by the broker.");
    private static readonly Counter<long> Deferred = BusTelemetry.Meter.CreateCounter<long>("eventml.bus.outbox_deferred", description: "Saga messages put back for later.");
    private readonly OutboxRows _rows = new(ledger, keep: !options.InMemory);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = options.DispatchIdleInterval;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var (claimed, deferred) = await DispatchAsync(stoppingToken);
                pause = deferred > 0 ? PauseWithoutBroker : claimed > 0 ? options.DispatchBusyInterval : options.DispatchIdleInterval;
                if (claimed < BatchSize || deferred > 0)
                {
                    await signal.WaitAsync(pause, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // The loop is a process edge: whatever the database does, it must go on.
                log.LogError(e, "The saga outbox cannot be read; trying again in {Pause}", PauseWithoutBroker);
                await Task.WhenAny(Task.Delay(PauseWithoutBroker, stoppingToken));
            }
        }
    }

    private async Task<(int Claimed, int Deferred)> DispatchAsync(CancellationToken cancellationToken)
    {
        // Not cancelled: a claim cut off on its way back would keep its rows from everybody for the whole claim time.
        var rows = await _rows.ClaimAsync(BatchSize, options.DispatchClaimTime, CancellationToken.None);
        if (rows.Count == 0)
        {
            return (0, 0);
        }

        var sent = new ConcurrentBag<Guid>();
        var later = new ConcurrentDictionary<Guid, TimeSpan>();
        // A publish waits for the broker to come back; it must give up while the rows are still ours.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.DispatchClaimTime / 2);
        await Task.WhenAll(rows.GroupBy(r => r.SagaId).Select(async saga =>
        {
            foreach (var row in saga)
            {
                if (await TrySendAsync(row, limit.Token) is { } pause)
                {
                    later[row.Id] = pause;
                }
                else
                {
                    sent.Add(row.Id);
                }
            }
        }));
        // Stopping must not forget what was confirmed; the inboxes would catch it, at a price.
        using var save = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        if (!sent.IsEmpty)
        {
            await _rows.DeleteAsync([.. sent], save.Token);
            Sent.Add(sent.Count);
        }

        foreach (var group in later.GroupBy(l => l.Value, l => l.Key))
        {
            await _rows.DeferAsync([.. group], group.Key, save.Token);
            Deferred.Add(group.Count());
        }

        return (rows.Count, later.Count);
    }

    /// <summary>Null when the broker has the message, else how long to wait.</summary>
    private async Task<TimeSpan?> TrySendAsync(OutboxRow row, CancellationToken cancellationToken)
    {
        try
        {
            if (Type.GetType(row.MessageType) is not { } type)
            {
                log.LogError("Outbox row {Id} holds a {Type}, which this build does not know; start a build that does", row.Id, row.MessageType);
                return PauseUnreadable;
            }

            var message = JsonSerializer.Deserialize(row.Body, type, LedgerJson.Options)!;
            var headers = JsonSerializer.Deserialize<OutboxHeaders>(row.Headers, LedgerJson.Options)!;
            using var activity = BusTelemetry.Producer($"dispatch {type.Name}", headers.TraceParent);
            await bus.Publish(message, type, context => Address(context, row, headers), cancellationToken);
            return null;
        }
        catch (JsonException e)
        {
            log.LogError(e, "Outbox row {Id} is not a readable {Type}", row.Id, row.MessageType);
            return PauseUnreadable;
        }
        catch (MessageReturnedException)
        {
            log.LogWarning("Nobody listens for {Type}; declare the topology (host --declare) or start its worker. It is kept and tried again", row.MessageType);
            return PauseUnroutable;
        }
        catch (Exception e)
        {
            log.LogWarning("The broker did not take {Type} {Id} ({Reason}); it is kept and tried again", row.MessageType, row.Id, e.Message);
            return PauseWithoutBroker;
        }
    }

    private static void Address(PublishContext context, OutboxRow row, OutboxHeaders headers)
    {
        var correlation = BusIds.FromText("correlation", headers.Correlation);
        context.MessageId = row.Id;
        context.CorrelationId = correlation;
        context.ConversationId = correlation;
        context.InitiatorId = BusIds.FromText("causation", headers.Causation);
        context.Mandatory = true;
        context.Headers.Set(BusHeaders.Actor, headers.Actor);
        context.Headers.Set(BusHeaders.Correlation, headers.Correlation);
        if (headers.TraceParent is not null)
        {
            context.Headers.Set(BusHeaders.TraceParent, headers.TraceParent);
        }
    }
}
