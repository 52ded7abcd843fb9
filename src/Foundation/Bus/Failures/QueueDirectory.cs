using EventMl.EventStore;
using Npgsql;
using NpgsqlTypes;

namespace EventMl.Bus;

/// <summary>A queue that some process of the platform consumes or consumed.</summary>
/// <param name="Name">Its name without the platform's prefix.</param>
/// <param name="TakesCommands">Whether it takes a command; other queues take events and timers only.</param>
public sealed record KnownQueue(string Name, bool TakesCommands);

/// <summary>The queues of all processes, also of newer and older builds: AMQP cannot list queues, so each process writes down its own.</summary>
public sealed class QueueDirectory(Ledger ledger)
{
    /// <summary>All queues ever consumed, by name.</summary>
    public async Task<IReadOnlyList<KnownQueue>> ListAsync(CancellationToken cancellationToken)
    {
        await using var list = ledger.DataSource.CreateCommand("select name, takes_commands from bus.queue order by name");
        await using var reader = await list.ExecuteReaderAsync(cancellationToken);
        var queues = new List<KnownQueue>();
        while (await reader.ReadAsync(cancellationToken))
        {
            queues.Add(new KnownQueue(reader.GetString(0), reader.GetBoolean(1)));
        }

        return queues;
    }

    /// <summary>Writes down queues and what they take; events count for a queue from its first time here. Returns how many changed.</summary>
    /// <exception cref="LedgerSchemaException">The table is missing.</exception>
    public async Task<int> AddAsync(BusRegistrations registrations, CancellationToken cancellationToken)
    {
        var queues = registrations.Endpoints;
        var listeners = queues.SelectMany(q => q.Messages().Select(m => (q.Queue, Exchange: BusNames.Exchange(m), Type: EventTypes.DotnetName(m)))).Distinct().ToArray();
        await using var add = ledger.DataSource.CreateCommand(
            """
            with added as (
              insert into bus.queue(name, takes_commands, since) select name, takes, $6 from unnest($1, $2) as q(name, takes)
              on conflict (name) do update set takes_commands = excluded.takes_commands, since = coalesce(queue.since, excluded.since)
              where queue.takes_commands <> excluded.takes_commands or queue.since is null),
            gone as (
              delete from bus.listener l where l.queue = any($1) and not exists (select from unnest($3, $4) as n(queue, exchange) where n.queue = l.queue and n.exchange = l.exchange))
            insert into bus.listener(queue, exchange, message_type) select * from unnest($3, $4, $5) on conflict do nothing
            """);
        Text(queues.Select(q => q.Queue));
        add.Parameters.Add(new NpgsqlParameter { Value = queues.Select(q => q.PlainJson).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Boolean });
        Text(listeners.Select(l => l.Queue));
        Text(listeners.Select(l => l.Exchange));
        Text(listeners.Select(l => l.Type));
        add.Parameters.AddWithValue(await ledger.HeadAsync(cancellationToken));
        try
        {
            return await add.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn or PostgresErrorCodes.InvalidSchemaName)
        {
            throw new LedgerSchemaException("The bus's tables of this build are missing; run the host once with --declare.", e);
        }

        void Text(IEnumerable<string> values) => add.Parameters.Add(new NpgsqlParameter { Value = values.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
    }
}
