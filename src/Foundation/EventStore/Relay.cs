using Microsoft.Extensions.Logging;
using Npgsql;

namespace EventMl.EventStore;

/// <summary>The way from the ledger to the bus.</summary>
public interface IEventPublisher
{
    /// <summary>Publishes events in order; returns when the broker has confirmed all.</summary>
    Task PublishAsync(IReadOnlyList<StoredEvent> events, CancellationToken cancellationToken);
}

/// <summary>Publishes committed events in ledger order, each at least once: the ledger is the outbox.</summary>
internal sealed class Relay(Ledger ledger, LedgerOptions options, IEventPublisher publisher, LedgerSignal signal, ILogger<Relay> logger)
    : LeaderService(ledger.DataSource, options, LeaseName, logger)
{
    public const string LeaseName = "relay";

    private static readonly TimeSpan _firstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _longestDelay = TimeSpan.FromSeconds(5);

    /// <summary>Notes how far a follower has come; false when the epoch is not the current one.</summary>
    public static async Task<bool> AdvanceAsync(NpgsqlDataSource dataSource, LedgerOptions options, string follower, long position, long epoch, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand($"select {options.Schema}.eml_advance($1, $2, $3)");
        command.Parameters.AddWithValue(follower);
        command.Parameters.AddWithValue(position);
        command.Parameters.AddWithValue(epoch);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    protected override async Task LeadAsync(CancellationToken cancellationToken)
    {
        var position = await ledger.FollowerPositionAsync(LeaseName, cancellationToken);
        // A process that was stopped for longer than the lease must not publish on what it read before.
        while (Lease.IsHeld && !cancellationToken.IsCancellationRequested)
        {
            var next = signal.Sequenced.Next;
            var events = await ledger.ReadForwardAsync(position, Options.BatchSize, cancellationToken);
            if (events.Count == 0)
            {
                await next.UntilAsync(Options.PollInterval, cancellationToken);
                continue;
            }

            await PublishAsync([.. events.Where(IsPublished)], cancellationToken);
            position = events[^1].Position!.Value;
            if (!await AdvanceAsync(DataSource, Options, LeaseName, position, Lease.Epoch, cancellationToken))
            {
                return;
            }

            LedgerMetrics.Relayed(events, ledger.Now);
        }
    }

    private async Task PublishAsync(IReadOnlyList<StoredEvent> events, CancellationToken cancellationToken)
    {
        if (events.Count == 0)
        {
            return;
        }

        for (var delay = _firstDelay; ; delay = delay * 2 < _longestDelay ? delay * 2 : _longestDelay)
        {
            try
            {
                await publisher.PublishAsync(events, cancellationToken);
                if (delay > _firstDelay)
                {
                    logger.LogInformation("relay: publishing works again from position {Position}", events[0].Position);
                }

                return;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                if (delay == _firstDelay)
                {
                    logger.LogError(e, "relay: publishing failed at position {Position}; it is tried until it works, nothing is skipped", events[0].Position);
                }

                await Task.Delay(delay, TimeProvider.System, cancellationToken);
            }
        }
    }

    private bool IsPublished(StoredEvent e)
    {
        if (e.Problem is not null)
        {
            logger.LogError("relay: event {EventId} at position {Position} cannot be published: {Problem}", e.Id, e.Position, e.Problem);
        }

        return e.IsPublic;
    }
}
