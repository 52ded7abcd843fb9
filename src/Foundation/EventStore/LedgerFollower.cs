using Npgsql;

namespace EventMl.EventStore;

/// <summary>Feeds a handler with every event in ledger order; its rows and the follower's progress commit together, so each event counts once.</summary>
/// <param name="ledger">The ledger to follow.</param>
/// <param name="name">Name of the progress row; one name, one follower at a time.</param>
public sealed class LedgerFollower(Ledger ledger, string name)
{
    /// <summary>Handles the next events, at most <paramref name="count"/>, in one transaction; returns how many there were.</summary>
    public Task<int> AdvanceAsync(
        Func<LedgerTransaction, IReadOnlyList<StoredEvent>, CancellationToken, Task> handle, int count, CancellationToken cancellationToken = default) =>
        ledger.InTransactionAsync(async transaction =>
        {
            var position = await LockAsync(transaction, cancellationToken);
            var events = await EventReader.ForwardAsync(transaction.Connection, ledger, position, count, cancellationToken);
            if (events.Count > 0)
            {
                await handle(transaction, events, cancellationToken);
                await using var advance = transaction.Command(
                    $"update {ledger.Schema}.eml_follower set position = $2 where name = $1",
                    new NpgsqlParameter { Value = name },
                    new NpgsqlParameter { Value = events[^1].Position!.Value });
                await advance.ExecuteNonQueryAsync(cancellationToken);
            }

            return events.Count;
        }, cancellationToken);

    /// <summary>Folds the next events into views: rebuilds an empty table, and catches up what a real Marten appended without them.</summary>
    public Task<int> AdvanceAsync(IReadOnlyCollection<IInlineView> views, int count, CancellationToken cancellationToken = default) =>
        AdvanceAsync(async (transaction, events, ct) =>
        {
            foreach (var view in views)
            {
                var own = events.Where(e => e.StreamId.StartsWith(view.Category + "-", StringComparison.Ordinal));
                foreach (var stream in own.GroupBy(e => e.StreamId, StringComparer.Ordinal))
                {
                    await view.ApplyAsync(transaction, stream.Key, [.. stream], ct);
                }
            }
        }, count, cancellationToken);

    private async Task<long> LockAsync(LedgerTransaction transaction, CancellationToken cancellationToken)
    {
        await using var begin = transaction.Command(
            $"insert into {ledger.Schema}.eml_follower values ($1, 0, 0) on conflict do nothing", new NpgsqlParameter { Value = name });
        await begin.ExecuteNonQueryAsync(cancellationToken);
        await using var held = transaction.Command(
            $"select position from {ledger.Schema}.eml_follower where name = $1 for update", new NpgsqlParameter { Value = name });
        return (long)(await held.ExecuteScalarAsync(cancellationToken))!;
    }
}
