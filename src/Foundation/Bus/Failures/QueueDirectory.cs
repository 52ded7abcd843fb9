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

    /// <summary>Writes down the queues of this process and returns how many that changed.</summary>
    /// <exception cref="LedgerSchemaException">The table is missing.</exception>
    internal async Task<int> AddAsync(IReadOnlyCollection<KnownQueue> queues, CancellationToken cancellationToken)
    {
        await using var add = ledger.DataSource.CreateCommand(
            "insert into bus.queue(name, takes_commands) select * from unnest($1, $2) on conflict (name) do update set takes_commands = excluded.takes_commands where queue.takes_commands <> excluded.takes_commands");
        add.Parameters.Add(new NpgsqlParameter { Value = queues.Select(q => q.Name).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        add.Parameters.Add(new NpgsqlParameter { Value = queues.Select(q => q.TakesCommands).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Boolean });
        try
        {
            return await add.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            throw new LedgerSchemaException("The bus's tables of this build are missing; run the host once with --declare.", e);
        }
    }
}
