using EventMl.EventStore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace EventMl.Bus;

/// <summary>Once an hour forgets handled message ids, and finished sagas after them.</summary>
internal sealed class Retention(Ledger ledger, BusRegistrations registrations, BusOptions options, TimeProvider clock, ILogger<Retention> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await ForgetAsync(stoppingToken);
            }
            catch (NpgsqlException e)
            {
                log.LogWarning(e, "Old inbox rows could not be deleted; trying again in an hour");
            }
        }
    }

    internal async Task ForgetAsync(CancellationToken cancellationToken)
    {
        foreach (var area in registrations.Areas)
        {
            await DeleteAsync($"delete from {area}.inbox where received_at < $1", options.InboxRetentionDays, cancellationToken);
        }

        if (registrations.HasSagas)
        {
            // What nobody has handled in that time would not be known as handled either.
            await DeleteAsync("delete from sagas.sent where sent_at < $1", options.InboxRetentionDays, cancellationToken);
            // Whoever still waits for something has a timer for it.
            await DeleteAsync(
                "delete from sagas.saga s where updated_at < $1 and not exists (select 1 from sagas.outbox o where o.kind = s.kind and o.saga_id = s.id)",
                options.SagaRetentionDays, cancellationToken);
        }
    }

    private async Task DeleteAsync(string sql, int days, CancellationToken cancellationToken)
    {
        await using var delete = ledger.DataSource.CreateCommand(sql);
        delete.Parameters.Add(new NpgsqlParameter { Value = ledger.Now.AddDays(-days), NpgsqlDbType = NpgsqlDbType.TimestampTz });
        await delete.ExecuteNonQueryAsync(cancellationToken);
    }
}
