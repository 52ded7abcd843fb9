using EventMl.Bus;
using EventMl.EventStore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace EventMl.Monitoring.Redriving;

/// <summary>Sends again what was decided to; several may run. What a crash leaves open is sent a second time, and the receiver's inbox makes the two one.</summary>
internal sealed class RedriveDispatcher(Ledger ledger, RawSender sender, BusOptions options, RedriveSignal signal, ILogger<RedriveDispatcher> log) : BackgroundService
{
    // Each row brings its body with it, which may be large.
    private const int BatchSize = 16;
    private static readonly TimeSpan IdlePause = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan PauseWithoutServer = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Transport == "memory")
        {
            return;
        }

        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await DispatchAsync(stoppingToken) == 0)
                {
                    await signal.WaitAsync(IdlePause, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // The loop is a process edge: whatever broker and database do, it must go on.
                log.LogWarning("Messages cannot be sent again ({Reason}); trying again in {Pause}", e.Message, PauseWithoutServer);
                await Task.WhenAny(Task.Delay(PauseWithoutServer, stoppingToken));
            }
        }
    }

    private async Task<int> DispatchAsync(CancellationToken cancellationToken)
    {
        using var area = AreaScope.Enter(MonitoringModule.Schema);
        // Not cancelled: a claim cut off on its way back would keep its rows from everybody for the whole claim time.
        var rows = await ClaimAsync();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.DispatchClaimTime / 2);
        var sent = new List<Guid>();
        try
        {
            foreach (var row in rows)
            {
                try
                {
                    await sender.SendAsync(row.Queue, sender.Redriven(RawMessage.Read(row.Envelope, row.Body), row.MessageId), limit.Token);
                    sent.Add(row.Id);
                }
                catch (QueueMissingException e)
                {
                    log.LogWarning("{Reason}", e.Message);
                    await ReturnAsync(row.Id, e, CancellationToken.None);
                }
            }
        }
        finally
        {
            // Stopping must not forget what was confirmed, nor keep the rest from others.
            await FinishAsync(sent, [.. rows.Select(r => r.Id).Except(sent)]);
        }

        return rows.Count;
    }

    private async Task<IReadOnlyList<Claimed>> ClaimAsync()
    {
        await using var connection = await ledger.OpenConnectionAsync();
        await using var claim = new NpgsqlCommand(
            """
            with due as (
              select failure_id from monitoring.redrive where claimed_until is null or claimed_until < clock_timestamp() order by seq limit $1 for update skip locked),
            claimed as (
              update monitoring.redrive r set claimed_until = clock_timestamp() + $2 from due where r.failure_id = due.failure_id returning r.failure_id, r.seq)
            select f.id, f.queue, f.message_id, f.envelope, f.body from claimed c join monitoring.failure f on f.id = c.failure_id order by c.seq
            """, connection);
        claim.Parameters.Add(new NpgsqlParameter { Value = BatchSize });
        claim.Parameters.Add(new NpgsqlParameter { Value = options.DispatchClaimTime, NpgsqlDbType = NpgsqlDbType.Interval });
        await using var reader = await claim.ExecuteReaderAsync();
        var rows = new List<Claimed>();
        while (await reader.ReadAsync())
        {
            rows.Add(new Claimed(reader.GetGuid(0), reader.GetString(1), reader.GetGuid(2), reader.GetFieldValue<byte[]>(3), reader.GetFieldValue<byte[]>(4)));
        }

        return rows;
    }

    private async Task FinishAsync(List<Guid> sent, Guid[] open)
    {
        if (sent.Count + open.Length == 0)
        {
            return;
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await using var connection = await ledger.OpenConnectionAsync(limit.Token);
        await using var finish = new NpgsqlCommand(
            """
            with gone as (delete from monitoring.redrive where failure_id = any($1) returning failure_id),
            free as (update monitoring.redrive set claimed_until = clock_timestamp() + interval '1 second' where failure_id = any($2))
            update monitoring.failure set sent_at = $3 from gone where id = gone.failure_id
            """, connection);
        finish.Parameters.Add(new NpgsqlParameter { Value = sent.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
        finish.Parameters.Add(new NpgsqlParameter { Value = open, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
        finish.Parameters.Add(FailureTable.Time(ledger.Now));
        await finish.ExecuteNonQueryAsync(limit.Token);
    }

    /// <summary>It has nowhere to go: the failure is open again and says why.</summary>
    private Task<bool> ReturnAsync(Guid id, QueueMissingException reason, CancellationToken cancellationToken) => ledger.InTransactionAsync(
        async transaction =>
        {
            if (await FailureTable.LockAsync(transaction, id, cancellationToken) is { State: FailureState.Retrying } row)
            {
                var failure = await transaction.LoadAsync<Failure>(row.FailureId, cancellationToken);
                await transaction.AppendAsync(failure, failure.State.Return(row, row.Group, transaction.Now).Events, MonitoringModule.Automatic(row), cancellationToken);
                await FailureTable.SetStateAsync(transaction, id, FailureState.Failed, transaction.Now, cancellationToken);
                await FailureTable.SetReasonAsync(transaction, id, reason.Message, cancellationToken);
            }

            await FailureTable.UnqueueAsync(transaction, id, cancellationToken);
            return true;
        },
        cancellationToken);

    private sealed record Claimed(Guid Id, string Queue, Guid MessageId, byte[] Envelope, byte[] Body);
}
