using System.Data;
using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;

namespace EventMl.EventStore;

/// <summary>What a rebuild found.</summary>
/// <param name="View">Schema and name of the table.</param>
/// <param name="Streams">Streams folded.</param>
/// <param name="Events">Events folded.</param>
/// <param name="Rows">Rows of the view afterwards.</param>
/// <param name="Changed">Rows that were missing, too many or different before; 0 when the live view was right.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record ViewRebuildReport(string View, long Streams, long Events, long Rows, long Changed, TimeSpan Elapsed);

/// <summary>Builds a view again from the ledger beside the live one, and puts it in its place in one transaction; writers and readers go on meanwhile.</summary>
/// <param name="ledger">The ledger.</param>
public sealed class ViewRebuild(Ledger ledger)
{
    private const int MaxTries = 20;

    /// <summary>Rebuilds one view. The user must own its table.</summary>
    /// <exception cref="LedgerConflictException">Writers left no moment to put the new table in its place; the live one is untouched.</exception>
    /// <exception cref="InvalidDataException">An event of the view does not fit its type; the live view is untouched.</exception>
    public async Task<ViewRebuildReport> RunAsync(IInlineView view, CancellationToken cancellationToken = default)
    {
        var began = Stopwatch.GetTimestamp();
        var target = new Target(view);
        await using var connection = await ledger.DataSource.OpenConnectionAsync(cancellationToken);
        // One rebuild of a view at a time, across processes.
        await ExecuteAsync(connection, $"set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; select pg_advisory_lock(hashtextextended('eml_rebuild {target.Live}', 0))", cancellationToken);
        try
        {
            await PrepareAsync(connection, target, cancellationToken);
            var (position, streams, events) = await FillAsync(connection, view, target, cancellationToken);
            await ExecuteAsync(connection, string.Join(";\n", target.Indexes), cancellationToken);
            for (var attempt = 1; ; attempt++)
            {
                if (await SwitchAsync(connection, view, target, position, cancellationToken) is var (rows, changed))
                {
                    return new ViewRebuildReport(target.Live, streams, events, rows, changed, Stopwatch.GetElapsedTime(began));
                }

                if (attempt == MaxTries)
                {
                    throw new LedgerConflictException($"The view {target.Live} is in use without a pause; what was rebuilt is thrown away. Try again when less is written.");
                }

                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(50, 500)), TimeProvider.System, cancellationToken);
            }
        }
        finally
        {
            await ExecuteAsync(connection, $"drop schema if exists {target.Schema} cascade; reset all; select pg_advisory_unlock_all()", CancellationToken.None);
        }
    }

    private static async Task PrepareAsync(NpgsqlConnection connection, Target target, CancellationToken cancellationToken)
    {
        await ExecuteAsync(connection, $"""
            drop schema if exists {target.Schema} cascade;
            create schema {target.Schema};
            create table {target.Next} (like {target.Live} including all excluding indexes);
            """, cancellationToken);
        await using var read = new NpgsqlCommand("select indexdef, tablename from pg_indexes where schemaname = $1 and tablename = $2", connection);
        read.Parameters.AddWithValue(target.View.Schema);
        read.Parameters.AddWithValue(target.View.Table);
        await using var reader = await read.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            // An index lives in the schema of its table, so both may have the same name.
            target.Indexes.Add(reader.GetString(0).Replace($" ON {target.Live} ", $" ON {target.Next} ", StringComparison.Ordinal));
        }
    }

    // All events that one snapshot sees; whatever commits later is found by its position or in the sequencer's queue.
    private async Task<(long Position, long Streams, long Events)> FillAsync(NpgsqlConnection connection, IInlineView view, Target target, CancellationToken cancellationToken)
    {
        await using var reading = await ledger.DataSource.OpenConnectionAsync(cancellationToken);
        await using var snapshot = await reading.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await ExecuteAsync(reading, "set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0", cancellationToken);
        await using var head = new NpgsqlCommand($"select position from {ledger.Schema}.eml_head", reading);
        var position = (long)(await head.ExecuteScalarAsync(cancellationToken))!;
        var (streams, events) = (0L, 0L);
        await using var copy = await connection.BeginBinaryImportAsync($"copy {target.Next} (id, version, data, created_at, updated_at) from stdin (format binary)", cancellationToken);
        await foreach (var stream in EventReader.CategoryAsync(reading, ledger, view.Category, cancellationToken))
        {
            streams++;
            events += stream.Count;
            if (view.FoldRow(stream) is { } row)
            {
                await copy.StartRowAsync(cancellationToken);
                await copy.WriteAsync(stream[0].StreamId[(view.Category.Length + 1)..], NpgsqlDbType.Text, cancellationToken);
                await copy.WriteAsync(row.Version, NpgsqlDbType.Bigint, cancellationToken);
                await copy.WriteAsync(row.Json, NpgsqlDbType.Jsonb, cancellationToken);
                await copy.WriteAsync(row.CreatedAt, NpgsqlDbType.TimestampTz, cancellationToken);
                await copy.WriteAsync(row.UpdatedAt, NpgsqlDbType.TimestampTz, cancellationToken);
            }
        }

        await copy.CompleteAsync(cancellationToken);
        return (position, streams, events);
    }

    private async Task<(long Rows, long Changed)?> SwitchAsync(NpgsqlConnection connection, IInlineView view, Target target, long position, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        try
        {
            // Waits for writers that have changed the view, for a moment only: all others would queue up behind it.
            await ExecuteAsync(connection, $"set local lock_timeout = '500ms'; lock table {target.Live} in access exclusive mode", cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
        {
            return null;
        }

        foreach (var stream in await ChangedStreamsAsync(connection, view, position, cancellationToken))
        {
            await ReplaceAsync(connection, view, target, stream, cancellationToken);
        }

        await using var compare = new NpgsqlCommand($"""
            select (select count(*) from {target.Next}), count(*)
            from {target.Live} l full join {target.Next} n using (id)
            where (l.version, l.data, l.created_at, l.updated_at) is distinct from (n.version, n.data, n.created_at, n.updated_at)
            """, connection);
        long rows;
        long changed;
        await using (var reader = await compare.ExecuteReaderAsync(cancellationToken))
        {
            await reader.ReadAsync(cancellationToken);
            (rows, changed) = (reader.GetInt64(0), reader.GetInt64(1));
        }

        await ExecuteAsync(connection, string.Join(";\n", [
            .. await GrantsAsync(connection, target, cancellationToken), $"drop table {target.Live}", $"alter table {target.Next} set schema {view.Schema}"]), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return (rows, changed);
    }

    private async Task<List<string>> ChangedStreamsAsync(NpgsqlConnection connection, IInlineView view, long position, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"""
            select distinct e.stream_id from {ledger.Schema}.mt_events e
            where starts_with(e.stream_id, $1) and e.seq_id in (
              select seq_id from {ledger.Schema}.eml_position where position > $2 union all select unnest(seq_ids) from {ledger.Schema}.eml_pending)
            """, connection);
        command.Parameters.AddWithValue(view.Category + "-");
        command.Parameters.AddWithValue(position);
        var streams = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            streams.Add(reader.GetString(0));
        }

        return streams;
    }

    private async Task ReplaceAsync(NpgsqlConnection connection, IInlineView view, Target target, string streamId, CancellationToken cancellationToken)
    {
        var id = streamId[(view.Category.Length + 1)..];
        var row = view.FoldRow(await EventReader.StreamAsync(connection, ledger, streamId, 1, cancellationToken));
        await using var remove = new NpgsqlCommand($"delete from {target.Next} where id = $1", connection);
        remove.Parameters.AddWithValue(id);
        await remove.ExecuteNonQueryAsync(cancellationToken);
        if (row is not null)
        {
            await using var add = new NpgsqlCommand($"insert into {target.Next} (id, version, data, created_at, updated_at) values ($1, $2, $3, $4, $5)", connection);
            add.Parameters.AddWithValue(id);
            add.Parameters.AddWithValue(row.Version);
            add.Parameters.AddWithValue(NpgsqlDbType.Jsonb, row.Json);
            add.Parameters.AddWithValue(row.CreatedAt);
            add.Parameters.AddWithValue(row.UpdatedAt);
            await add.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    // The new table has the rights of the old one.
    private static async Task<List<string>> GrantsAsync(NpgsqlConnection connection, Target target, CancellationToken cancellationToken)
    {
        await using var read = new NpgsqlCommand("select distinct privilege_type, grantee from information_schema.role_table_grants where table_schema = $1 and table_name = $2", connection);
        read.Parameters.AddWithValue(target.View.Schema);
        read.Parameters.AddWithValue(target.View.Table);
        var grants = new List<string>();
        await using var reader = await read.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            grants.Add($"grant {reader.GetString(0)} on {target.Next} to \"{reader.GetString(1).Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
        }

        return grants;
    }

    private static Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken) => LedgerSchema.ExecuteAsync(connection, sql, cancellationToken);

    private sealed record Target(IInlineView View)
    {
        public string Schema => $"{View.Schema}_rebuild_{View.Table}";

        public string Live => $"{View.Schema}.{View.Table}";

        public string Next => $"{Schema}.{View.Table}";

        public List<string> Indexes { get; } = [];
    }
}
