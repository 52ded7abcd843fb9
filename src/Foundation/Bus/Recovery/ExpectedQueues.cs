using EventMl.EventStore;
using Npgsql;
using NpgsqlTypes;

namespace EventMl.Bus;

/// <summary>A queue that must be on the broker, with what its listener hears.</summary>
/// <param name="Name">Its name without the platform's prefix.</param>
/// <param name="Since">Position after which events are meant for it.</param>
/// <param name="Restoring">Whether it is new, or its messages are being brought back.</param>
/// <param name="Exchanges">Exchanges of the messages it takes.</param>
/// <param name="MessageTypes">Their types as the outbox writes them.</param>
internal sealed record ExpectedQueue(string Name, long Since, bool Restoring, IReadOnlySet<string> Exchanges, string[] MessageTypes);

/// <summary>Where the bus's tables say which queues there must be and what state they are in.</summary>
internal sealed class ExpectedQueues(Ledger ledger)
{
    public async Task<IReadOnlyList<ExpectedQueue>> ListAsync(CancellationToken cancellationToken)
    {
        await using var list = ledger.DataSource.CreateCommand(
            """
            select q.name, q.since, q.restoring, array_agg(l.exchange), array_agg(l.message_type)
            from bus.queue q join bus.listener l on l.queue = q.name where q.since is not null group by q.name order by q.name
            """);
        await using var reader = await list.ExecuteReaderAsync(cancellationToken);
        var queues = new List<ExpectedQueue>();
        while (await reader.ReadAsync(cancellationToken))
        {
            queues.Add(new ExpectedQueue(
                reader.GetString(0), reader.GetInt64(1), reader.GetBoolean(2), new HashSet<string>(reader.GetFieldValue<string[]>(3), StringComparer.Ordinal), reader.GetFieldValue<string[]>(4)));
        }

        return queues;
    }

    /// <summary>Notes that a queue's messages must be brought back; whoever comes next goes on with it.</summary>
    public Task BeginAsync(string queue, CancellationToken cancellationToken) =>
        ExecuteAsync("update bus.queue set restoring = true, lost_at = $2 where name = $1", queue, ledger.Now, cancellationToken);

    /// <summary>Notes that they are back; a dispatcher may still hold some that it sent before the loss, so the outbox is looked at once more.</summary>
    public Task EndAsync(string queue, DateTimeOffset lookAgainAt, CancellationToken cancellationToken) =>
        ExecuteAsync("update bus.queue set restoring = false, look_again_at = case when lost_at is not null then $2 end where name = $1", queue, lookAgainAt, cancellationToken);

    /// <summary>Queues whose second look is due, with the time of their loss.</summary>
    public async Task<IReadOnlyList<(string Queue, DateTimeOffset LostAt)>> DueAsync(CancellationToken cancellationToken)
    {
        await using var due = ledger.DataSource.CreateCommand("select name, lost_at from bus.queue where look_again_at <= $1");
        due.Parameters.Add(new NpgsqlParameter { Value = ledger.Now, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        await using var reader = await due.ExecuteReaderAsync(cancellationToken);
        var queues = new List<(string, DateTimeOffset)>();
        while (await reader.ReadAsync(cancellationToken))
        {
            queues.Add((reader.GetString(0), reader.GetFieldValue<DateTimeOffset>(1)));
        }

        return queues;
    }

    public Task LookedAsync(string queue, CancellationToken cancellationToken) =>
        ExecuteAsync("update bus.queue set look_again_at = null where name = $1 and look_again_at <= $2", queue, ledger.Now, cancellationToken);

    private async Task ExecuteAsync(string sql, string queue, DateTimeOffset time, CancellationToken cancellationToken)
    {
        await using var command = ledger.DataSource.CreateCommand(sql);
        command.Parameters.AddWithValue(queue);
        command.Parameters.Add(new NpgsqlParameter { Value = time, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
