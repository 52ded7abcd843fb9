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

    // Reading and the broker's confirmation overlap; more of both at a time gains nothing.
    private const int BatchesAtATime = 3;

    /// <summary>Notes how far a follower has come; false when the epoch is not the current one. A crash of PostgreSQL may forget the last notes: what they were about is published again.</summary>
    public static async Task<bool> AdvanceAsync(NpgsqlDataSource dataSource, LedgerOptions options, string follower, long position, long epoch, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand($"select {options.Schema}.eml_advance($1, $2, $3) from set_config('synchronous_commit', 'off', true)");
        command.Parameters.AddWithValue(follower);
        command.Parameters.AddWithValue(position);
        command.Parameters.AddWithValue(epoch);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    protected override async Task LeadAsync(CancellationToken cancellationToken)
    {
        var read = await ledger.FollowerPositionAsync(LeaseName, cancellationToken);
        var batches = new Queue<Batch>();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            // A process that was stopped for longer than the lease must not publish on what it read before.
            while (Lease.IsHeld && !cancellationToken.IsCancellationRequested)
            {
                var next = signal.Sequenced.Next;
                var events = batches.Count < BatchesAtATime ? await ledger.ReadForwardAsync(read, Options.BatchSize, cancellationToken) : [];
                if (events.Count > 0)
                {
                    batches.Enqueue(new Batch(events, PublishAsync([.. events.Where(IsPublished)], [.. batches], over.Token)));
                    read = events[^1].Position!.Value;
                }
                else if (batches.Count == 0)
                {
                    await next.UntilAsync(Options.PollInterval, cancellationToken);
                }

                // Where there was less to read than asked for, what comes meanwhile must not wait for the broker.
                while (batches.TryPeek(out var first) && (first.Published.IsCompleted || batches.Count == BatchesAtATime))
                {
                    await first.Published;
                    if (!await AdvanceAsync(DataSource, Options, LeaseName, first.Events[^1].Position!.Value, Lease.Epoch, cancellationToken))
                    {
                        return;
                    }

                    LedgerMetrics.Relayed(first.Events, ledger.Now);
                    batches.Dequeue();
                }

                if (events.Count == 0 && batches.TryPeek(out var waiting))
                {
                    await Task.WhenAny(waiting.Published, next).UntilAsync(Options.PollInterval, cancellationToken);
                }
            }
        }
        finally
        {
            await over.CancelAsync();
            await Task.WhenAll(batches.Select(b => b.Published)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // What goes on in a stream waits for the batch that holds what was before it.
    private async Task PublishAsync(IReadOnlyList<StoredEvent> events, IReadOnlyList<Batch> before, CancellationToken cancellationToken)
    {
        var open = before.Where(b => !b.Published.IsCompletedSuccessfully).ToArray();
        var parts = events.ToLookup(e => open.Any(b => b.Streams.Contains(e.StreamId)));
        var held = parts[true].ToArray();
        var earlier = Task.WhenAll(open.Select(b => b.Published));
        var free = PublishAsync([.. parts[false]], earlier, cancellationToken);
        if (held.Length > 0)
        {
            await earlier;
            await PublishAsync(held, earlier, cancellationToken);
        }

        await free;
    }

    private async Task PublishAsync(StoredEvent[] events, Task earlier, CancellationToken cancellationToken)
    {
        if (events.Length == 0)
        {
            return;
        }

        var delay = _firstDelay;
        while (true)
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
                if (!earlier.IsCompleted)
                {
                    // The oldest batch alone tries until the broker is back.
                    await earlier;
                    continue;
                }

                if (delay == _firstDelay)
                {
                    logger.LogError(e, "relay: publishing failed at position {Position}; it is tried until it works, nothing is skipped", events[0].Position);
                }

                await Task.Delay(delay, TimeProvider.System, cancellationToken);
                delay = delay * 2 < _longestDelay ? delay * 2 : _longestDelay;
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

    private sealed class Batch(IReadOnlyList<StoredEvent> events, Task published)
    {
        public IReadOnlyList<StoredEvent> Events => events;

        public Task Published => published;

        public HashSet<string> Streams { get; } = events.Select(e => e.StreamId).ToHashSet(StringComparer.Ordinal);
    }
}
