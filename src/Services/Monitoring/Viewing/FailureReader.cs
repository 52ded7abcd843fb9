using System.Globalization;
using EventMl.Bus;
using EventMl.Contracts;
using EventMl.EventStore;
using Npgsql;

namespace EventMl.Monitoring.Viewing;

/// <summary>Which failures are asked for.</summary>
internal sealed record FailureFilter(string? State, string? Queue, string? Group);

/// <summary>Reads the failed messages for people.</summary>
internal sealed class FailureReader(NpgsqlDataSource dataSource)
{
    public async Task<(IReadOnlyList<FailureSummary> Items, string? Next)> ListAsync(FailureFilter filter, int limit, string? cursor, CancellationToken cancellationToken)
    {
        var (after, afterId) = ViewCursor.Decode(cursor);
        await using var list = dataSource.CreateCommand(
            $"""
            select {FailureRow.Columns} from monitoring.failure
            where (first_failed_at, id) > ($1, $2) and ($3::text is null or state = $3) and ($4::text is null or queue = $4) and ($5::text is null or cause = $5)
            order by first_failed_at, id limit $6
            """);
        list.Parameters.Add(FailureTable.Time(after));
        list.Parameters.Add(FailureTable.Uuid(afterId.Length == 0 ? Guid.Empty : Guid.ParseExact(afterId, "N")));
        list.Parameters.Add(FailureTable.Text(filter.State));
        list.Parameters.Add(FailureTable.Text(filter.Queue));
        list.Parameters.Add(FailureTable.Text(filter.Group));
        list.Parameters.Add(new NpgsqlParameter { Value = limit + 1 });
        await using var reader = await list.ExecuteReaderAsync(cancellationToken);
        var rows = new List<FailureRow>();
        while (await reader.ReadAsync(cancellationToken))
        {
            if (rows.Count == limit)
            {
                return ([.. rows.Select(FailureSummary.Of)], ViewCursor.Encode(rows[^1].FirstFailedAt, rows[^1].Id.ToString("N")));
            }

            rows.Add(FailureRow.Read(reader));
        }

        return ([.. rows.Select(FailureSummary.Of)], null);
    }

    /// <summary>The causes with most failures first.</summary>
    public async Task<(IReadOnlyList<FailureGroup> Items, string? Next)> GroupsAsync(string state, int limit, string? cursor, CancellationToken cancellationToken)
    {
        var (count, afterGroup) = DecodeGroup(cursor);
        await using var list = dataSource.CreateCommand(
            """
            select * from (
              select cause, min(queue) as queue, min(exception_type) as exception_type, min(cause_text) as cause_text, count(*) as n, min(first_failed_at) as first,
                max(last_failed_at) as last, (array_agg(id order by last_failed_at desc))[1] as example
              from monitoring.failure where state = $1 group by cause) as g
            where n < $2 or (n = $2 and cause > $3) order by n desc, cause limit $4
            """);
        list.Parameters.Add(FailureTable.Text(state));
        list.Parameters.Add(new NpgsqlParameter { Value = count });
        list.Parameters.Add(FailureTable.Text(afterGroup));
        list.Parameters.Add(new NpgsqlParameter { Value = limit + 1 });
        await using var reader = await list.ExecuteReaderAsync(cancellationToken);
        var groups = new List<FailureGroup>();
        while (await reader.ReadAsync(cancellationToken))
        {
            if (groups.Count == limit)
            {
                return (groups, string.Create(CultureInfo.InvariantCulture, $"{groups[^1].Count}.{groups[^1].Id}"));
            }

            groups.Add(new FailureGroup(
                reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetInt64(4),
                reader.GetFieldValue<DateTimeOffset>(5), reader.GetFieldValue<DateTimeOffset>(6), Ids.Named("fail", reader.GetGuid(7))));
        }

        return (groups, null);
    }

    public async Task<FailureDetail?> GetAsync(string failureId, CancellationToken cancellationToken)
    {
        if (FailureRow.Parse(failureId) is not { } id)
        {
            return null;
        }

        await using var get = dataSource.CreateCommand($"select {FailureRow.Columns}, stack, host, sent_at, envelope, body from monitoring.failure where id = $1");
        get.Parameters.Add(FailureTable.Uuid(id));
        await using var reader = await get.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return null;
        }

        var row = FailureRow.Read(reader);
        var rest = reader.GetOrdinal("stack");
        return FailureDetail.Of(
            row, reader.GetString(rest), reader.GetString(rest + 1), await reader.IsDBNullAsync(rest + 2, cancellationToken) ? null : reader.GetFieldValue<DateTimeOffset>(rest + 2),
            RawMessage.Read(reader.GetFieldValue<byte[]>(rest + 3), reader.GetFieldValue<byte[]>(rest + 4)));
    }

    private static (long Count, string Group) DecodeGroup(string? cursor) =>
        cursor is null ? (long.MaxValue, "")
        : cursor.Split('.') is [var count, { Length: 16 } group] && long.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? (n, group)
        : throw new FormatException("The page token is not one that this list returned; start again without it.");
}
