using EventMl.EventStore;
using Microsoft.Extensions.Logging;
using Npgsql;
using RabbitMQ.Client;

namespace EventMl.Bus;

/// <summary>
/// Looks whether every queue of the platform is still there. One that was deleted, alone or with the whole broker, is declared again with its bindings and gets back
/// what it has lost, as far as ledger and outbox know it: what no inbox has. Of all processes one does this.
/// </summary>
internal sealed class QueueKeeper(Ledger ledger, LedgerOptions ledgerOptions, BusOptions options, ExpectedQueues queues, LostEvents events, SentMessages sent, ILogger<QueueKeeper> log)
    : LeaderService(ledger.DataSource, ledgerOptions, LeaseName, log)
{
    public const string LeaseName = "queues";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ForgetInterval = TimeSpan.FromSeconds(10);
    private readonly HashSet<string> _unfit = new(StringComparer.Ordinal);
    private long _forgotAt = TimeProvider.System.GetTimestamp();

    protected override async Task LeadAsync(CancellationToken cancellationToken)
    {
        while (Lease.IsHeld && !cancellationToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = await options.Broker.ConnectAsync("eventml queues", cancellationToken);
                await WatchAsync(connection, cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException and not NpgsqlException)
            {
                // Everybody else says so when the broker is away.
                log.LogDebug("The queues cannot be looked at ({Reason}); trying again in {Pause}", e.Message, Interval);
            }

            await Task.Delay(Interval, TimeProvider.System, cancellationToken);
        }
    }

    private async Task WatchAsync(IConnection connection, CancellationToken cancellationToken)
    {
        await using var presence = new QueuePresence(connection, options);
        using var timer = new PeriodicTimer(Interval, TimeProvider.System);
        do
        {
            var expected = await queues.ListAsync(cancellationToken);
            foreach (var queue in expected)
            {
                var marked = await presence.IsMarkedAsync(queue.Name, cancellationToken);
                if (!marked || queue.Restoring)
                {
                    await TryRestoreAsync(connection, presence, queue, marked, cancellationToken);
                }
            }

            foreach (var (name, lostAt) in await queues.DueAsync(cancellationToken))
            {
                if (expected.FirstOrDefault(q => q.Name == name) is { } queue)
                {
                    await sent.ReturnAsync(queue, lostAt, cancellationToken);
                }

                await queues.LookedAsync(name, cancellationToken);
            }

            if (TimeProvider.System.GetElapsedTime(_forgotAt) >= ForgetInterval)
            {
                await sent.ForgetAsync(expected.Select(q => q.Name), cancellationToken);
                _forgotAt = TimeProvider.System.GetTimestamp();
            }
        }
        while (Lease.IsHeld && connection.IsOpen && await timer.WaitForNextTickAsync(cancellationToken));
    }

    private async Task TryRestoreAsync(IConnection connection, QueuePresence presence, ExpectedQueue queue, bool marked, CancellationToken cancellationToken)
    {
        try
        {
            if (!queue.Restoring)
            {
                await queues.BeginAsync(queue.Name, cancellationToken);
            }

            if (!marked)
            {
                await BusTopology.DeclareAsync(connection, options, queue.Name, queue.Exchanges, cancellationToken);
                await presence.MarkAsync(queue.Name, cancellationToken);
            }

            var eventCount = await events.SendAsync(queue, cancellationToken);
            var messageCount = await sent.ReturnAsync(queue, DateTimeOffset.MinValue, cancellationToken);
            await queues.EndAsync(queue.Name, ledger.Now + options.DispatchClaimTime, cancellationToken);
            _unfit.Remove(queue.Name);
            if (!queue.Restoring)
            {
                log.LogWarning(
                    "The queue {Queue} had been deleted; it is declared again, and {Events} events and {Messages} messages of sagas that nobody has handled are sent once more. What clients had sent to it is lost",
                    queue.Name, eventCount, messageCount);
            }
        }
        catch (QueueKindException e)
        {
            if (_unfit.Add(queue.Name))
            {
                log.LogError("{Reason}", e.Message);
            }
        }
    }
}
