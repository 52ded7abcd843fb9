using System.Text.RegularExpressions;
using EventMl.EventStore;
using Npgsql;

namespace EventMl.Bus;

/// <summary>The bus's tables: the queues of all processes, an inbox per area, sagas and their outbox in one schema.</summary>
public static partial class BusSchema
{
    /// <summary>Schema of the sagas.</summary>
    public const string Sagas = "sagas";

    /// <summary>Creates what is missing; may run in several processes at once.</summary>
    /// <param name="dataSource">The platform's database.</param>
    /// <param name="areas">Areas, each the name of its schema; <see cref="Sagas"/> also gets the sagas' tables.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="ArgumentException">An area is no schema name.</exception>
    public static async Task DeclareAsync(NpgsqlDataSource dataSource, IEnumerable<string> areas, CancellationToken cancellationToken = default)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // "create … if not exists" races with itself; the lock ends with the transaction.
        await using (var declare = new NpgsqlCommand("select pg_advisory_xact_lock(hashtextextended('eventml.bus.schema', 0))", connection, transaction))
        {
            await declare.ExecuteNonQueryAsync(cancellationToken);
            declare.CommandText = Queues;
            await declare.ExecuteNonQueryAsync(cancellationToken);
            foreach (var area in areas.Distinct(StringComparer.Ordinal))
            {
                if (!SchemaName().IsMatch(area))
                {
                    throw new ArgumentException($"'{area}' cannot be an area; use lower-case letters, digits and '_'.", nameof(areas));
                }

                declare.CommandText = Inbox(area) + (area == Sagas ? SagaTables : "");
                await declare.ExecuteNonQueryAsync(cancellationToken);
                if (area == Sagas)
                {
                    await LedgerSchema.DeclareRoleAsync(connection, area, cancellationToken);
                }
            }
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private const string Queues = """
        create schema if not exists bus;
        create table if not exists bus.queue (name text primary key, takes_commands boolean not null);
        alter table bus.queue add column if not exists since bigint, add column if not exists restoring boolean not null default true,
          add column if not exists lost_at timestamptz, add column if not exists look_again_at timestamptz;
        create table if not exists bus.listener (queue text not null references bus.queue on delete cascade, exchange text not null, message_type text not null, primary key (queue, exchange));
        create index if not exists listener_message on bus.listener (message_type);
        """;

    private static string Inbox(string area) => $"""
        create schema if not exists {area};
        create table if not exists {area}.inbox (
          consumer text not null, message_id uuid not null, received_at timestamptz not null, primary key (consumer, message_id));
        drop index if exists {area}.inbox_received;
        -- Rows come and go in the order of time: ranges of pages are enough to find the old ones, and cost a message next to nothing.
        create index if not exists inbox_age on {area}.inbox using brin (received_at) with (autosummarize = on);
        """;

    private const string SagaTables = """

        create table if not exists sagas.saga (
          kind text not null, id uuid not null, version int not null, state text not null, data jsonb not null, updated_at timestamptz not null,
          primary key (kind, id));
        create index if not exists saga_state on sagas.saga (state, updated_at);
        create table if not exists sagas.outbox (
          id uuid primary key, seq bigint generated always as identity, kind text not null, saga_id uuid not null, name text, deliver_at timestamptz not null,
          message_type text not null, body jsonb not null, headers jsonb not null, claimed_until timestamptz);
        create unique index if not exists outbox_name on sagas.outbox (kind, saga_id, name) where name is not null;
        create index if not exists outbox_due on sagas.outbox (deliver_at, seq);
        create table if not exists sagas.sent (
          id uuid primary key, kind text not null, saga_id uuid not null, message_type text not null, body jsonb not null, headers jsonb not null, sent_at timestamptz not null);
        create index if not exists sent_age on sagas.sent (sent_at);

        -- Remembers the message, then waits for the instance's turn and reads it: each statement of a function sees what was committed before it.
        create or replace function sagas.open_instance(consumer text, message uuid, at timestamptz, saga_kind text, saga_id uuid, out is_repeated boolean, out version int, out data text)
        language plpgsql as $$
        begin
          if message is not null then
            insert into sagas.inbox values (consumer, message, at) on conflict do nothing;
            is_repeated := not found;
          end if;
          if is_repeated is not true then
            perform pg_advisory_xact_lock(hashtextextended('saga:' || saga_kind || ':' || saga_id, 0));
            select s.version, s.data::text into open_instance.version, open_instance.data from sagas.saga s where s.kind = saga_kind and s.id = saga_id for update;
          end if;
        end $$;
        """;

    [GeneratedRegex("^[a-z][a-z0-9_]{0,40}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SchemaName();
}
