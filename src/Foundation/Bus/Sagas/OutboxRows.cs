using EventMl.EventStore;
using Npgsql;
using NpgsqlTypes;

namespace EventMl.Bus;

/// <summary>A message on its way out.</summary>
internal sealed record OutboxRow(Guid Id, Guid SagaId, string MessageType, string Body, string Headers);

/// <summary>The outbox as the dispatcher sees it.</summary>
internal sealed class OutboxRows(Ledger ledger, bool keep)
{
    /// <summary>Takes due rows for a time; other dispatchers leave them alone until then. Committed before anything is sent.</summary>
    public async Task<IReadOnlyList<OutboxRow>> ClaimAsync(int count, TimeSpan time, CancellationToken cancellationToken)
    {
        // Due by the platform's clock, claimed by the database's: replicas' clocks may differ.
        await using var claim = ledger.DataSource.CreateCommand(
            """
            with due as (
              select id from sagas.outbox where deliver_at <= $1 and (claimed_until is null or claimed_until < clock_timestamp())
              order by deliver_at, seq limit $2 for update skip locked),
            claimed as (
              update sagas.outbox o set claimed_until = clock_timestamp() + $3 from due where o.id = due.id
              returning o.id, o.saga_id, o.message_type, o.body::text as body, o.headers::text as headers, o.deliver_at, o.seq)
            select id, saga_id, message_type, body, headers from claimed order by deliver_at, seq
            """);
        claim.Parameters.Add(new NpgsqlParameter { Value = ledger.Now, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        claim.Parameters.Add(new NpgsqlParameter { Value = count });
        claim.Parameters.Add(new NpgsqlParameter { Value = time, NpgsqlDbType = NpgsqlDbType.Interval });
        var rows = new List<OutboxRow>();
        await using var reader = await claim.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new OutboxRow(reader.GetGuid(0), reader.GetGuid(1), reader.GetString(2), reader.GetString(3), reader.GetString(4)));
        }

        return rows;
    }

    /// <summary>Removes what the broker has confirmed; see <see cref="SentMessages"/> for what is kept of it.</summary>
    public async Task DeleteAsync(Guid[] ids, CancellationToken cancellationToken)
    {
        await using var delete = ledger.DataSource.CreateCommand(keep
            ? """
            with gone as (delete from sagas.outbox where id = any($1) returning *)
            insert into sagas.sent(id, kind, saga_id, message_type, body, headers, sent_at) select id, kind, saga_id, message_type, body, headers, $2 from gone on conflict do nothing
            """
            : "delete from sagas.outbox where id = any($1)");
        delete.Parameters.Add(new NpgsqlParameter { Value = ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
        if (keep)
        {
            delete.Parameters.Add(new NpgsqlParameter { Value = ledger.Now, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        }

        await delete.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Lets a row be claimed again after a pause.</summary>
    public async Task DeferAsync(Guid[] ids, TimeSpan pause, CancellationToken cancellationToken)
    {
        await using var defer = ledger.DataSource.CreateCommand("update sagas.outbox set claimed_until = clock_timestamp() + $2 where id = any($1)");
        defer.Parameters.Add(new NpgsqlParameter { Value = ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
        defer.Parameters.Add(new NpgsqlParameter { Value = pause, NpgsqlDbType = NpgsqlDbType.Interval });
        await defer.ExecuteNonQueryAsync(cancellationToken);
    }
}
