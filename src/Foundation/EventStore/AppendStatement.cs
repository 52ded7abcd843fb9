using System.Text.Json;
using Npgsql;
using NpgsqlTypes;

namespace EventMl.EventStore;

/// <summary>The one statement that appends to a stream: its parameters, what its errors mean, and the events as they are then stored.</summary>
internal sealed class AppendStatement
{
    private const string VersionMismatch = "MT003";
    private const string Archived = "MT001";
    private const int MaxStreamId = 300;
    private const int MaxHeader = 500;

    private readonly Ledger _ledger;
    private readonly string _streamId;
    private readonly string _streamType;
    private readonly long _expectedVersion;
    private readonly IReadOnlyList<object> _events;
    private readonly EventMetadata _metadata;
    private readonly DateTimeOffset _now;
    private readonly Guid[] _ids;
    private readonly string[] _aliases;
    private readonly byte[][] _bodies;
    private readonly byte[] _headers;

    /// <exception cref="ArgumentException">The stream id is none.</exception>
    public AppendStatement(Ledger ledger, string streamId, string streamType, long expectedVersion, IReadOnlyList<object> events, EventMetadata metadata)
    {
        Category = RequireStreamId(streamId);
        (_ledger, _streamId, _streamType, _expectedVersion, _events) = (ledger, streamId, streamType, expectedVersion, events);
        _metadata = Cleaned(metadata);
        _now = ledger.Now;
        _ids = [.. events.Select(_ => Contracts.Ids.New())];
        _aliases = [.. events.Select(e => ledger.Types.AliasOf(e.GetType()))];
        _bodies = [.. events.Select(e => JsonSerializer.SerializeToUtf8Bytes(e, e.GetType(), LedgerJson.Options))];
        _headers = JsonSerializer.SerializeToUtf8Bytes(Headers(_metadata), LedgerJson.Options);
    }

    /// <summary>Id of the stream.</summary>
    public string StreamId => _streamId;

    /// <summary>Category of the stream.</summary>
    public string Category { get; }

    /// <summary>Appends by a command that is on the right connection or transaction.</summary>
    /// <exception cref="LedgerConflictException">The stream is at another version.</exception>
    /// <exception cref="LedgerArchivedException">The stream is archived.</exception>
    public async Task<IReadOnlyList<StoredEvent>> ExecuteAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        using var activity = LedgerMetrics.Activities.StartActivity("ledger append");
        activity?.SetTag("eventml.category", Category);
        command.CommandText = $"select {_ledger.Schema}.eml_append($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)";
        command.Parameters.AddRange(Parameters());
        try
        {
            var result = (long[])(await command.ExecuteScalarAsync(cancellationToken))!;
            LedgerMetrics.Appended(Category, _events.Count);
            return [.. _events.Select((_, i) => Stored(i, result[i + 1]))];
        }
        catch (PostgresException e) when (e.SqlState is VersionMismatch or PostgresErrorCodes.UniqueViolation)
        {
            activity?.SetStatus(System.Diagnostics.ActivityStatusCode.Error, "conflict");
            throw new LedgerConflictException($"Stream '{_streamId}' is not at version {_expectedVersion} any more.", e);
        }
        catch (PostgresException e) when (e.SqlState == Archived)
        {
            activity?.SetStatus(System.Diagnostics.ActivityStatusCode.Error, "archived");
            throw new LedgerArchivedException($"Stream '{_streamId}' is archived: it can be read, and nothing more can happen to it. Begin a new one under another name.", e);
        }
    }

    private NpgsqlParameter[] Parameters() =>
    [
        Parameter(_streamId, NpgsqlDbType.Text),
        Parameter(_streamType, NpgsqlDbType.Text),
        Parameter(_expectedVersion, NpgsqlDbType.Bigint),
        Parameter(_ids, NpgsqlDbType.Array | NpgsqlDbType.Uuid),
        Parameter(_aliases, NpgsqlDbType.Array | NpgsqlDbType.Varchar),
        Parameter(_events.Select(e => EventTypes.DotnetName(e.GetType())).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Varchar),
        Parameter(_bodies, NpgsqlDbType.Array | NpgsqlDbType.Jsonb),
        Parameter(_metadata.CausationId, NpgsqlDbType.Varchar),
        Parameter(_metadata.CorrelationId, NpgsqlDbType.Varchar),
        Parameter(_headers, NpgsqlDbType.Jsonb),
        Parameter(_metadata.Actor, NpgsqlDbType.Varchar),
        Parameter(_now, NpgsqlDbType.TimestampTz),
    ];

    private StoredEvent Stored(int index, long seqId)
    {
        var (body, type) = (_bodies[index], _events[index].GetType());
        return new StoredEvent
        {
            SeqId = seqId,
            Id = _ids[index],
            StreamId = _streamId,
            Version = _expectedVersion + index + 1,
            Type = _aliases[index],
            Data = null,
            // What readers will see, so that a view folded now equals one folded later.
            ReadData = () => JsonSerializer.Deserialize(body, type, LedgerJson.Options),
            Utf8Json = body,
            Timestamp = _now,
            CorrelationId = _metadata.CorrelationId,
            CausationId = _metadata.CausationId,
            Utf8Headers = _headers,
        };
    }

    private static string RequireStreamId(string streamId)
    {
        var dash = streamId.IndexOf('-', StringComparison.Ordinal);
        if (dash < 1 || dash == streamId.Length - 1 || streamId.Length > MaxStreamId || Clean.Text(streamId) != streamId)
        {
            throw new ArgumentException($"'{Clean.Text(streamId, MaxStreamId)}' is not a stream id: use <category>-<id>, at most {MaxStreamId} characters.", nameof(streamId));
        }

        return streamId[..dash];
    }

    // Headers may come from anybody's message.
    private static EventMetadata Cleaned(EventMetadata m) => new(
        Clean.Text(m.Actor, MaxHeader), Clean.Text(m.Source, MaxHeader), Clean.Text(m.CorrelationId, MaxHeader), Clean.Text(m.CausationId, MaxHeader),
        m.TraceParent is { } trace ? Clean.Text(trace, MaxHeader) : null);

    private static Dictionary<string, string> Headers(EventMetadata metadata)
    {
        var headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["actor"] = metadata.Actor, ["source"] = metadata.Source };
        if (metadata.TraceParent is { } trace)
        {
            headers["traceparent"] = trace;
        }

        return headers;
    }

    private static NpgsqlParameter<T> Parameter<T>(T value, NpgsqlDbType type) => new() { TypedValue = value, NpgsqlDbType = type };
}
