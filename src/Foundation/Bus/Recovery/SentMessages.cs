using EventMl.EventStore;
using Npgsql;
using NpgsqlTypes;

namespace EventMl.Bus;

/// <summary>What sagas have sent and nobody has handled yet: the broker may lose it, so it is kept until an inbox proves its effect.</summary>
internal sealed class SentMessages(Ledger ledger, HandledMessages handled)
{
    private const int BatchSize = 1_000;

    /// <summary>Puts what a queue has lost back into the outbox; returns how much that was.</summary>
    /// <param name="queue">The queue, set up again.</param>
    /// <param name="from">Only what was sent at or after this time.</param>
    /// <param name="cancellationToken">Ends it; what is back stays back.</param>
    public async Task<int> ReturnAsync(ExpectedQueue queue, DateTimeOffset from, CancellationToken cancellationToken)
    {
        if (!await HasTableAsync(cancellationToken))
        {
            return 0;
        }

        var (count, after) = (0, Guid.Empty);
        while (await ReadAsync(queue, from, after, cancellationToken) is { Count: > 0 } ids)
        {
            var done = await handled.FindAsync([.. ids.Select(id => (queue.Name, id))], cancellationToken);
            count += await ReturnAsync([.. ids.Where(id => !done.Contains((queue.Name, id)))], cancellationToken);
            after = ids[^1];
        }

        return count;
    }

    /// <summary>Forgets what all its listeners have handled.</summary>
    public async Task ForgetAsync(IEnumerable<string> queues, CancellationToken cancellationToken)
    {
        var areas = new List<string>();
        foreach (var area in queues.Select(HandledMessages.Area).Distinct(StringComparer.Ordinal))
        {
            if (await handled.HasInboxAsync(area, cancellationToken))
            {
                areas.Add(area);
            }
        }

        if (areas.Count == 0 || !await HasTableAsync(cancellationToken))
        {
            return;
        }

        var inboxes = string.Join(" union all ", areas.Select(a => $"select consumer, message_id from {a}.inbox"));
        await using var forget = ledger.DataSource.CreateCommand(
            $"""
            delete from sagas.sent s where exists (select from bus.listener l where l.message_type = s.message_type)
              and not exists (
                select from bus.listener l where l.message_type = s.message_type
                and not exists (select from ({inboxes}) i where i.consumer = l.queue and i.message_id = s.id))
            """);
        await forget.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<bool> HasTableAsync(CancellationToken cancellationToken)
    {
        await using var exists = ledger.DataSource.CreateCommand("select to_regclass('sagas.sent') is not null");
        return await exists.ExecuteScalarAsync(cancellationToken) is true;
    }

    private async Task<IReadOnlyList<Guid>> ReadAsync(ExpectedQueue queue, DateTimeOffset from, Guid after, CancellationToken cancellationToken)
    {
        await using var read = ledger.DataSource.CreateCommand("select id from sagas.sent where message_type = any($1) and sent_at >= $2 and id > $3 order by id limit $4");
        read.Parameters.Add(new NpgsqlParameter { Value = queue.MessageTypes, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        read.Parameters.Add(new NpgsqlParameter { Value = from, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        read.Parameters.AddWithValue(after);
        read.Parameters.AddWithValue(BatchSize);
        await using var reader = await read.ExecuteReaderAsync(cancellationToken);
        var ids = new List<Guid>();
        while (await reader.ReadAsync(cancellationToken))
        {
            ids.Add(reader.GetGuid(0));
        }

        return ids;
    }

    // Without its name: that may belong to a later timer by now.
    private async Task<int> ReturnAsync(Guid[] ids, CancellationToken cancellationToken)
    {
        await using var move = ledger.DataSource.CreateCommand(
            """
            with back as (delete from sagas.sent where id = any($1) returning *)
            insert into sagas.outbox(id, kind, saga_id, name, deliver_at, message_type, body, headers)
            select id, kind, saga_id, null, $2, message_type, body, headers from back on conflict do nothing
            """);
        move.Parameters.Add(new NpgsqlParameter { Value = ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
        move.Parameters.Add(new NpgsqlParameter { Value = ledger.Now, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        return await move.ExecuteNonQueryAsync(cancellationToken);
    }
}
