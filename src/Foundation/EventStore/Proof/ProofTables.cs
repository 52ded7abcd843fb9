using System.Runtime.CompilerServices;
using Npgsql;
using NpgsqlTypes;

namespace EventMl.EventStore.Proof;

/// <summary>An event with the texts that its leaf commits to.</summary>
internal sealed record PlacedEvent(EventFacts Facts, string Data, string? Headers);

/// <summary>A row of <c>eml_root</c> with the right edge of its tree.</summary>
internal sealed record RootRow(StoredRoot Root, IReadOnlyList<byte[]> Edge);

/// <summary>SQL over the side tables of the proof; every read is one page, so that no cursor stays open.</summary>
internal sealed class ProofTables(string schema, Func<string, NpgsqlCommand> command)
{
    public ProofTables(string schema, NpgsqlDataSource dataSource)
        : this(schema, dataSource.CreateCommand)
    {
    }

    private string Columns =>
        $"p.position, p.seq_id, e.id, e.stream_id, e.version, e.type, {schema}.eml_micros(e.timestamp), {schema}.eml_micros(p.at), e.correlation_id, e.causation_id, e.data::text, e.headers::text";

    // One look-up a row: without statistics the planner would read all events for each page. OFFSET 0 keeps it from joining them otherwise.
    private string Event(string join) => $"{join} lateral (select * from {schema}.mt_events where seq_id = p.seq_id offset 0) e on true";

    /// <summary>Events after a position, in order.</summary>
    public async Task<IReadOnlyList<PlacedEvent>> EventsAsync(long after, int count, CancellationToken cancellationToken)
    {
        await using var read = Query($"select {Columns} from {schema}.eml_position p {Event("join")} where p.position > $1 order by p.position limit $2", after, count);
        await using var reader = await read.ExecuteReaderAsync(cancellationToken);
        var events = new List<PlacedEvent>();
        while (await reader.ReadAsync(cancellationToken))
        {
            events.Add(new PlacedEvent(ReadFacts(reader), reader.GetString(10), Text(reader, 11)));
        }

        return events;
    }

    /// <summary>What is recorded of the positions after one, in order; of positions that only one table knows as well.</summary>
    public async Task<IReadOnlyList<EvidenceRow>> RowsAsync(long after, int count, CancellationToken cancellationToken)
    {
        await using var read = Query($"""
            select {Columns}, coalesce(p.position, l.position), l.hash, l.data_commitment, l.data_salt, l.headers_commitment, l.headers_salt, l.mask_salt
            from (select * from {schema}.eml_position where position > $1 order by position limit $2) p
            full join (select * from {schema}.eml_leaf where position > $1 order by position limit $2) l on l.position = p.position
            {Event("left join")}
            order by coalesce(p.position, l.position) limit $2
            """, after, count);
        await using var reader = await read.ExecuteReaderAsync(cancellationToken);
        var rows = new List<EvidenceRow>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var leaf = reader.IsDBNull(13) ? null : new StoredLeaf(Bytes(reader, 13)!, Bytes(reader, 14)!, Bytes(reader, 15), Bytes(reader, 16), Bytes(reader, 17), Bytes(reader, 18));
            var facts = reader.IsDBNull(2) ? null : ReadFacts(reader);
            rows.Add(new EvidenceRow(reader.GetInt64(12), facts, Text(reader, 10), Text(reader, 11), leaf));
        }

        return rows;
    }

    /// <summary>Leaf hashes after a position, in order.</summary>
    public async Task<IReadOnlyList<(long Position, byte[] Hash)>> LeavesAsync(long after, int count, CancellationToken cancellationToken)
    {
        await using var read = Query($"select position, hash from {schema}.eml_leaf where position > $1 order by position limit $2", after, count);
        await using var reader = await read.ExecuteReaderAsync(cancellationToken);
        var leaves = new List<(long, byte[])>();
        while (await reader.ReadAsync(cancellationToken))
        {
            leaves.Add((reader.GetInt64(0), Bytes(reader, 1)!));
        }

        return leaves;
    }

    /// <summary>Leaf hashes after a position, all of them.</summary>
    public async IAsyncEnumerable<(long Position, byte[] Hash)> LeavesAsync(long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        const int Page = 10_000;
        IReadOnlyList<(long Position, byte[] Hash)> leaves;
        do
        {
            leaves = await LeavesAsync(after, Page, cancellationToken);
            foreach (var leaf in leaves)
            {
                yield return leaf;
                after = leaf.Position;
            }
        }
        while (leaves.Count == Page);
    }

    /// <summary>Roots after a size, in order.</summary>
    public async Task<IReadOnlyList<RootRow>> RootsAsync(long after, int count, CancellationToken cancellationToken)
    {
        await using var read = Query($"select size, root, {schema}.eml_micros(at), previous_size, previous_root, key_id, signature, anchored, edge from {schema}.eml_root where size > $1 order by size limit $2", after, count);
        await using var reader = await read.ExecuteReaderAsync(cancellationToken);
        var roots = new List<RootRow>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var head = new TreeHead(reader.GetInt64(0), Bytes(reader, 1)!, FromMicros(reader.GetInt64(2)), reader.GetInt64(3), Bytes(reader, 4)!);
            roots.Add(new RootRow(new StoredRoot(new SignedHead(head, reader.GetString(5), Bytes(reader, 6)!), reader.GetBoolean(7)), reader.GetFieldValue<byte[][]>(8)));
        }

        return roots;
    }

    /// <summary>Data of the maskings without a position.</summary>
    public async Task<IReadOnlyList<string>> PendingMaskingsAsync(CancellationToken cancellationToken)
    {
        await using var read = Query($"""
            select e.data::text from {schema}.mt_events e
            where e.stream_id = '{RowCheck.MaskingStream}' and e.type = 'event_masked' and not exists (select from {schema}.eml_position p where p.seq_id = e.seq_id) order by e.version
            """);
        await using var reader = await read.ExecuteReaderAsync(cancellationToken);
        var maskings = new List<string>();
        while (await reader.ReadAsync(cancellationToken))
        {
            maskings.Add(reader.GetString(0));
        }

        return maskings;
    }

    private NpgsqlCommand Query(string sql, params object[] parameters)
    {
        var query = command(sql);
        foreach (var value in parameters)
        {
            query.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return query;
    }

    private static EventFacts ReadFacts(NpgsqlDataReader r) => new(
        r.GetInt64(0), r.GetInt64(1), r.GetGuid(2), Text(r, 3), r.GetInt64(4), r.GetString(5), r.GetInt64(6), r.GetInt64(7), Text(r, 8), Text(r, 9));

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static byte[]? Bytes(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<byte[]>(column);

    // A time that PostgreSQL can hold and .NET cannot was written by somebody else; any wrong time breaks the signature.
    private static DateTimeOffset FromMicros(long micros) =>
        micros > DateTimeOffset.MinValue.ToUnixTimeMilliseconds() * 1000 && micros < DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() * 1000
            ? DateTimeOffset.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond)
            : DateTimeOffset.MinValue;
}
