using System.Text.Json;
using Npgsql;
using NpgsqlTypes;

namespace EventMl.EventStore;

/// <summary>A table kept up to date in the transaction that appends.</summary>
public interface IInlineView
{
    /// <summary>Category of the streams it folds.</summary>
    string Category { get; }

    /// <summary>Statement that creates its table when missing.</summary>
    string CreateSql { get; }

    /// <summary>Schema of the area that owns the table.</summary>
    string Schema { get; }

    /// <summary>Name of its table in the schema.</summary>
    string Table { get; }

    /// <summary>Folds events just appended to one stream.</summary>
    Task ApplyAsync(LedgerTransaction transaction, string streamId, IReadOnlyList<StoredEvent> events, CancellationToken cancellationToken);

    /// <summary>The row that the events of a whole stream make; null when there is nothing to show.</summary>
    FoldedRow? FoldRow(IReadOnlyList<StoredEvent> events);
}

/// <summary>A row of a view as its table holds it.</summary>
public sealed record FoldedRow(long Version, string Json, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);

/// <summary>A view whose row is the fold of one stream, applied only at version + 1.</summary>
/// <param name="dataSource">Connections for reads.</param>
/// <param name="schema">Schema of the area.</param>
/// <param name="table">Name of the table.</param>
/// <param name="category">Category of the streams.</param>
public abstract class View<TRow>(NpgsqlDataSource dataSource, string schema, string table, string category) : IInlineView, IViewReader<TRow>
    where TRow : class
{
    /// <inheritdoc />
    public string Category => category;

    /// <inheritdoc />
    public string Schema => schema;

    /// <inheritdoc />
    public string Table => table;

    /// <inheritdoc />
    public string CreateSql => $"""
        create table if not exists {schema}.{table} (
          id text primary key, version bigint not null, data jsonb not null, created_at timestamptz not null, updated_at timestamptz not null);
        create index if not exists {table}_created on {schema}.{table} (created_at, id);
        """;

    /// <summary>The row after one event; null while there is nothing to show. Time comes from the event.</summary>
    public abstract TRow? Apply(TRow? row, StoredEvent @event);

    /// <summary>The fold of a whole stream, which must equal the live row.</summary>
    public TRow? Fold(IEnumerable<StoredEvent> events) => events.Aggregate((TRow?)null, ApplyReadable);

    /// <inheritdoc />
    public FoldedRow? FoldRow(IReadOnlyList<StoredEvent> events)
    {
        TRow? row = null;
        DateTimeOffset created = default;
        foreach (var e in events)
        {
            var before = row;
            row = ApplyReadable(row, e);
            created = before is null && row is not null ? e.Timestamp : created;
        }

        return row is null ? null : new FoldedRow(events[^1].Version, JsonSerializer.Serialize(row, LedgerJson.Options), created, events[^1].Timestamp);
    }

    /// <inheritdoc />
    public async Task ApplyAsync(LedgerTransaction transaction, string streamId, IReadOnlyList<StoredEvent> events, CancellationToken cancellationToken)
    {
        var id = streamId[(category.Length + 1)..];
        var current = await ReadAsync(transaction.Command($"select id, version, data::text from {schema}.{table} where id = $1 for update", Text(id)), cancellationToken);
        var row = current?.Row;
        var version = current?.Version ?? 0;
        if (events.Count == 0 || events[^1].Version <= version)
        {
            return;
        }

        if (version + 1 < events[0].Version)
        {
            // Another writer (a real Marten) appended without this view: fold what is missing first.
            events = [.. (await transaction.ReadStreamAsync(streamId, cancellationToken)).Where(e => e.Version > version)];
        }

        DateTimeOffset? created = null;
        foreach (var e in events.Where(e => e.Version > version))
        {
            var before = row;
            row = ApplyReadable(row, e);
            version = e.Version;
            created = before is null && row is not null ? e.Timestamp : created;
        }

        if (row is null)
        {
            await using var hide = transaction.Command($"delete from {schema}.{table} where id = $1 and version < $2", Text(id), new NpgsqlParameter { Value = version });
            await hide.ExecuteNonQueryAsync(cancellationToken);
            return;
        }

        await using var save = transaction.Command(
            $"""
            insert into {schema}.{table} as held (id, version, data, created_at, updated_at) values ($1, $2, $3, coalesce($4, $5), $5)
            on conflict (id) do update set version = excluded.version, data = excluded.data, updated_at = excluded.updated_at, created_at = coalesce($4, held.created_at)
            where held.version < excluded.version
            """,
            Text(id),
            new NpgsqlParameter { Value = version },
            new NpgsqlParameter { Value = JsonSerializer.Serialize(row, LedgerJson.Options), NpgsqlDbType = NpgsqlDbType.Jsonb },
            new NpgsqlParameter { Value = (object?)created ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz },
            new NpgsqlParameter { Value = events[^1].Timestamp });
        await save.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <inheritdoc />
    public async Task<ViewRow<TRow>?> GetAsync(string id, CancellationToken cancellationToken = default)
    {
        await using var command = dataSource.CreateCommand($"select id, version, data::text from {schema}.{table} where id = $1");
        command.Parameters.Add(Text(id));
        return await ReadAsync(command, cancellationToken);
    }

    /// <inheritdoc />
    public async Task<(IReadOnlyList<ViewRow<TRow>> Rows, string? Next)> ListAsync(string idPrefix, int limit, string? cursor, CancellationToken cancellationToken)
    {
        var (after, afterId) = ViewCursor.Decode(cursor);
        await using var command = dataSource.CreateCommand(
            $"select id, version, data::text, created_at from {schema}.{table} where (created_at, id) > ($1, $2) and starts_with(id, $4) order by created_at, id limit $3");
        command.Parameters.AddWithValue(after);
        command.Parameters.Add(Text(afterId));
        command.Parameters.AddWithValue(limit + 1);
        command.Parameters.Add(Text(idPrefix));
        var rows = new List<ViewRow<TRow>>();
        DateTimeOffset last = default;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (rows.Count == limit)
            {
                return (rows, ViewCursor.Encode(last, rows[^1].Id));
            }

            rows.Add(Row(reader));
            last = reader.GetFieldValue<DateTimeOffset>(3);
        }

        return (rows, null);
    }

    private TRow? ApplyReadable(TRow? row, StoredEvent e)
    {
        e.RequireReadable();
        return Apply(row, e);
    }

    private static async Task<ViewRow<TRow>?> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var _ = command;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? Row(reader) : null;
    }

    private static ViewRow<TRow> Row(NpgsqlDataReader reader) =>
        new(reader.GetString(0), reader.GetInt64(1), JsonSerializer.Deserialize<TRow>(reader.GetString(2), LedgerJson.Options)!);

    private static NpgsqlParameter Text(string value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Text };
}
