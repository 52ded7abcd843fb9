using EventMl.Bus;
using EventMl.EventStore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EventMl.Monitoring.Redriving;

/// <summary>Finds out which messages that were sent again have been handled, and forgets what was settled long ago.</summary>
internal sealed class ResolutionWatcher(Ledger ledger, HandledMessages handled, TimeProvider clock, ILogger<ResolutionWatcher> log) : BackgroundService
{
    private const int BatchSize = 500;
    private const int RetentionDays = 90;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ForgetInterval = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var forgot = clock.GetTimestamp();
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await ResolveAsync(stoppingToken);
                await SendAgainAsync(stoppingToken);
                if (clock.GetElapsedTime(forgot) > ForgetInterval)
                {
                    await ForgetAsync(stoppingToken);
                    forgot = clock.GetTimestamp();
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // The loop is a process edge: whatever the database does, it must go on.
                log.LogWarning("It cannot be seen which messages were handled ({Reason}); trying again in {Pause}", e.Message, Interval);
            }
        }
    }

    private async Task ResolveAsync(CancellationToken cancellationToken)
    {
        var after = Guid.Empty;
        while (await WaitingAsync(after, cancellationToken) is { Count: > 0 } waiting)
        {
            var done = await handled.FindAsync([.. waiting.Select(w => (w.Queue, w.MessageId))], cancellationToken);
            foreach (var row in waiting.Where(w => done.Contains((w.Queue, w.MessageId))))
            {
                await ResolveAsync(row.Id, cancellationToken);
            }

            after = waiting[^1].Id;
        }
    }

    private async Task ResolveAsync(Guid id, CancellationToken cancellationToken)
    {
        using var area = AreaScope.Enter(MonitoringModule.Schema);
        await ledger.InTransactionAsync(
            async transaction =>
            {
                if (await FailureTable.LockAsync(transaction, id, cancellationToken) is { State: FailureState.Retrying } row)
                {
                    var failure = await transaction.LoadAsync<Failure>(row.FailureId, cancellationToken);
                    await transaction.AppendAsync(failure, failure.State.Resolve(row, transaction.Now).Events, MonitoringModule.Automatic(row), cancellationToken);
                    await FailureTable.SetStateAsync(transaction, id, FailureState.Resolved, transaction.Now, cancellationToken);
                    await FailureTable.UnqueueAsync(transaction, id, cancellationToken);
                }

                return true;
            },
            cancellationToken);
    }

    private async Task<IReadOnlyList<(Guid Id, string Queue, Guid MessageId)>> WaitingAsync(Guid after, CancellationToken cancellationToken)
    {
        await using var find = ledger.DataSource.CreateCommand(
            $"select id, queue, message_id from monitoring.failure where state = '{FailureState.Retrying}' and id > $1 order by id limit $2");
        find.Parameters.Add(FailureTable.Uuid(after));
        find.Parameters.Add(new NpgsqlParameter { Value = BatchSize });
        await using var reader = await find.ExecuteReaderAsync(cancellationToken);
        var waiting = new List<(Guid, string, Guid)>();
        while (await reader.ReadAsync(cancellationToken))
        {
            waiting.Add((reader.GetGuid(0), reader.GetString(1), reader.GetGuid(2)));
        }

        return waiting;
    }

    // Sent before its queue was lost and not handled by then: it was lost along.
    private async Task SendAgainAsync(CancellationToken cancellationToken)
    {
        await using var again = ledger.DataSource.CreateCommand(
            $"""
            with lost as (
              update monitoring.failure f set sent_at = null from bus.queue q
              where f.state = '{FailureState.Retrying}' and q.name = f.queue and not q.restoring and f.sent_at < q.lost_at returning f.id)
            insert into monitoring.redrive(failure_id) select id from lost on conflict do nothing
            """);
        await again.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task ForgetAsync(CancellationToken cancellationToken)
    {
        await using var forget = ledger.DataSource.CreateCommand(
            $"delete from monitoring.failure where state in ('{FailureState.Resolved}', '{FailureState.Discarded}') and changed_at < $1");
        forget.Parameters.Add(FailureTable.Time(ledger.Now.AddDays(-RetentionDays)));
        await forget.ExecuteNonQueryAsync(cancellationToken);
    }
}
