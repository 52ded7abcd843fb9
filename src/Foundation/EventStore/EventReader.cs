using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Npgsql;

namespace EventMl.EventStore;

/// <summary>Turns rows of <c>mt_events</c> into <see cref="StoredEvent"/>; rows of unknown types pass through untouched.</summary>
internal static class EventReader
{
    private const int ManyRows = 1_000;
    private const string Columns = "e.seq_id, e.id, e.stream_id, e.version, e.type, e.data::text, e.timestamp, e.correlation_id, e.causation_id, e.headers::text";

    public static async Task<IReadOnlyList<StoredEvent>> StreamAsync(NpgsqlConnection connection, Ledger ledger, string streamId, long fromVersion, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"select {Columns}, null::bigint, null::timestamptz from {ledger.Schema}.mt_events e where e.stream_id = $1 and e.version >= $2 order by e.version", connection);
        command.Parameters.AddWithValue(streamId);
        command.Parameters.AddWithValue(fromVersion);
        return await ReadAsync(command, ledger.Types, cancellationToken);
    }

    public static async Task<IReadOnlyList<StoredEvent>> StreamAtAsync(NpgsqlConnection connection, Ledger ledger, string streamId, long position, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"select {Columns}, p.position, p.at from {ledger.Schema}.mt_events e join {ledger.Schema}.eml_position p on p.seq_id = e.seq_id where e.stream_id = $1 and p.position <= $2 order by e.version", connection);
        command.Parameters.AddWithValue(streamId);
        command.Parameters.AddWithValue(position);
        return await ReadAsync(command, ledger.Types, cancellationToken);
    }

    public static async Task<IReadOnlyList<StoredEvent>> ForwardAsync(NpgsqlConnection connection, Ledger ledger, long afterPosition, int count, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"select {Columns}, p.position, p.at from {ledger.Schema}.eml_position p join {ledger.Schema}.mt_events e on e.seq_id = p.seq_id where p.position > $1 order by p.position limit $2", connection);
        command.Parameters.AddWithValue(afterPosition);
        command.Parameters.AddWithValue(count);
        return await ReadAsync(command, ledger.Types, cancellationToken);
    }

    /// <summary>The same without their positions, which a fold does not need: a stream's versions have theirs in the same order, so that only the last one is looked up.</summary>
    public static async Task<IReadOnlyList<StoredEvent>> StreamUntilAsync(NpgsqlConnection connection, Ledger ledger, string streamId, long position, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"""
            select {Columns}, null::bigint, null::timestamptz from {ledger.Schema}.mt_events e
            where e.stream_id = $1 and e.version <= (
              select l.version from {ledger.Schema}.mt_events l join {ledger.Schema}.eml_position p on p.seq_id = l.seq_id
              where l.stream_id = $1 and p.position <= $2 order by l.version desc limit 1)
            order by e.version
            """, connection);
        command.Parameters.AddWithValue(streamId);
        command.Parameters.AddWithValue(position);
        return await ReadAsync(command, ledger.Types, cancellationToken);
    }

    /// <summary>The events of several streams that had a position at or before the given one, stream by stream.</summary>
    public static async Task<IReadOnlyList<StoredEvent>> StreamsAtAsync(NpgsqlConnection connection, Ledger ledger, string[] streamIds, long position, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"select {Columns}, p.position, p.at from {ledger.Schema}.mt_events e join {ledger.Schema}.eml_position p on p.seq_id = e.seq_id where e.stream_id = any($1) and p.position <= $2 order by e.stream_id, e.version", connection);
        command.Parameters.AddWithValue(streamIds);
        command.Parameters.AddWithValue(position);
        return await ReadAsync(command, ledger.Types, cancellationToken);
    }

    /// <summary>The events of some categories after one position and not after another, in ledger order.</summary>
    public static async Task<IReadOnlyList<StoredEvent>> CategoriesAsync(
        NpgsqlConnection connection, Ledger ledger, string[] categories, long afterPosition, long untilPosition, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"""
            select {Columns}, p.position, p.at from {ledger.Schema}.eml_position p join {ledger.Schema}.mt_events e on e.seq_id = p.seq_id
            where p.position > $1 and p.position <= $2 and split_part(e.stream_id, '-', 1) = any($3) order by p.position
            """, connection);
        command.Parameters.AddWithValue(afterPosition);
        command.Parameters.AddWithValue(untilPosition);
        command.Parameters.AddWithValue(categories);
        return await ReadAsync(command, ledger.Types, cancellationToken);
    }

    /// <summary>The streams of a category in the order of their first events, with the positions of those.</summary>
    public static async Task<IReadOnlyList<(string StreamId, long FirstPosition)>> StreamsAsync(
        NpgsqlConnection connection, Ledger ledger, string category, string prefix, long afterPosition, long untilPosition, int count, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"select stream_id, first_position from {ledger.Schema}.eml_streams($1, $2, $3, $4, $5)", connection);
        command.Parameters.AddWithValue(category);
        command.Parameters.AddWithValue(prefix);
        command.Parameters.AddWithValue(afterPosition);
        command.Parameters.AddWithValue(untilPosition);
        command.Parameters.AddWithValue(count);
        var streams = new List<(string, long)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            streams.Add((reader.GetString(0), reader.GetInt64(1)));
        }

        return streams;
    }

    /// <summary>Every stream of a category with its events, one stream in memory at a time.</summary>
    public static async IAsyncEnumerable<IReadOnlyList<StoredEvent>> CategoryAsync(
        NpgsqlConnection connection, Ledger ledger, string category, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"select {Columns}, null::bigint, null::timestamptz from {ledger.Schema}.mt_events e where starts_with(e.stream_id, $1) order by e.stream_id, e.version", connection);
        command.Parameters.AddWithValue(category + "-");
        var stream = new List<StoredEvent>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var e = new Row(reader).Read(ledger.Types);
            if (stream.Count > 0 && stream[0].StreamId != e.StreamId)
            {
                yield return stream;
                stream = [];
            }

            stream.Add(e);
        }

        if (stream.Count > 0)
        {
            yield return stream;
        }
    }

    // Long streams are folded by people who wait: all cores read their JSON.
    private static async Task<IReadOnlyList<StoredEvent>> ReadAsync(NpgsqlCommand command, EventTypes types, CancellationToken cancellationToken)
    {
        var rows = new List<Row>();
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                rows.Add(new Row(reader));
            }
        }

        var events = new StoredEvent[rows.Count];
        if (rows.Count < ManyRows)
        {
            for (var i = 0; i < events.Length; i++)
            {
                events[i] = rows[i].Read(types);
            }
        }
        else
        {
            Parallel.ForEach(Partitioner.Create(0, events.Length), range =>
            {
                for (var i = range.Item1; i < range.Item2; i++)
                {
                    events[i] = rows[i].Read(types);
                }
            });
        }

        return events;
    }

    /// <summary>What the database holds of one event.</summary>
    private readonly struct Row(NpgsqlDataReader reader)
    {
        private readonly long _seqId = reader.GetInt64(0);
        private readonly Guid _id = reader.GetGuid(1);
        private readonly string _streamId = reader.GetString(2);
        private readonly long _version = reader.GetInt64(3);
        private readonly string _alias = reader.GetString(4);
        private readonly byte[] _json = reader.GetFieldValue<byte[]>(5);
        private readonly DateTimeOffset _timestamp = reader.GetFieldValue<DateTimeOffset>(6);
        private readonly string? _correlationId = reader.IsDBNull(7) ? null : reader.GetString(7);
        private readonly string? _causationId = reader.IsDBNull(8) ? null : reader.GetString(8);
        private readonly byte[]? _headers = reader.IsDBNull(9) ? null : reader.GetFieldValue<byte[]>(9);
        private readonly long? _position = reader.IsDBNull(10) ? null : reader.GetInt64(10);
        private readonly DateTimeOffset? _positionedAt = reader.IsDBNull(11) ? null : reader.GetFieldValue<DateTimeOffset>(11);

        public StoredEvent Read(EventTypes types)
        {
            var (data, problem) = types.Read(_alias, _json);
            return new StoredEvent
            {
                SeqId = _seqId,
                Id = _id,
                StreamId = _streamId,
                Version = _version,
                Type = _alias,
                Utf8Json = _json,
                Data = data,
                Problem = problem,
                Timestamp = _timestamp,
                CorrelationId = _correlationId,
                CausationId = _causationId,
                Utf8Headers = _headers,
                Position = _position,
                PositionedAt = _positionedAt,
            };
        }
    }
}
