using System.Diagnostics;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;

namespace EventMl.EventStore;

/// <summary>One unit of truth: appends, inline views, names and any other rows of the same connection commit together or not at all.</summary>
public sealed class LedgerTransaction : IAsyncDisposable
{
    private const string VersionMismatch = "MT003";
    private const string Archived = "MT001";
    private const int MaxStreamId = 300;
    private const int MaxHeader = 500;

    private readonly Ledger _ledger;
    private readonly List<Action> _committed = [];
    private bool _appended;

    internal LedgerTransaction(Ledger ledger, NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        _ledger = ledger;
        Connection = connection;
        Transaction = transaction;
    }

    /// <summary>The connection; rows of inboxes, outboxes, sagas and jobs are written through it.</summary>
    public NpgsqlConnection Connection { get; }

    /// <summary>The database transaction.</summary>
    public NpgsqlTransaction Transaction { get; }

    /// <summary>The ledger's clock.</summary>
    public DateTimeOffset Now => _ledger.Now;

    internal string Schema => _ledger.Schema;

    /// <summary>A command on this transaction.</summary>
    public NpgsqlCommand Command(string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlCommand(sql, Connection, Transaction);
        command.Parameters.AddRange(parameters);
        return command;
    }

    /// <summary>The state of one stream; the stream is locked until the end, so that the decision on it stays valid.</summary>
    public async Task<Loaded<T>> LoadAsync<T>(string id, CancellationToken cancellationToken = default)
        where T : IAggregate<T>
    {
        var streamId = Ledger.StreamId<T>(id);
        await using var lockStream = Command($"select from {_ledger.Schema}.mt_streams where id = $1 for update", Text(streamId));
        await lockStream.ExecuteNonQueryAsync(cancellationToken);
        return await PeekAsync<T>(id, cancellationToken);
    }

    /// <summary>The state of one stream of any area, read without a lock.</summary>
    public async Task<Loaded<T>> PeekAsync<T>(string id, CancellationToken cancellationToken = default)
        where T : IAggregate<T>
    {
        var streamId = Ledger.StreamId<T>(id);
        return Ledger.Fold<T>(streamId, await ReadStreamAsync(streamId, cancellationToken));
    }

    /// <summary>The events of one stream as this transaction sees them.</summary>
    public Task<IReadOnlyList<StoredEvent>> ReadStreamAsync(string streamId, CancellationToken cancellationToken = default) =>
        EventReader.StreamAsync(Connection, _ledger, streamId, 1, cancellationToken);

    /// <summary>Appends to a stream that must be at <paramref name="expectedVersion"/> (0 = new) and updates its inline views.</summary>
    /// <exception cref="LedgerConflictException">The stream is at another version.</exception>
    /// <exception cref="LedgerArchivedException">The stream is archived.</exception>
    public async Task<IReadOnlyList<StoredEvent>> AppendAsync(
        string streamId, string streamType, long expectedVersion, IReadOnlyList<object> events, EventMetadata metadata, CancellationToken cancellationToken = default)
    {
        if (events.Count == 0)
        {
            return [];
        }

        var category = RequireStreamId(streamId);
        using var activity = LedgerMetrics.Activities.StartActivity("ledger append");
        activity?.SetTag("eventml.category", category);
        metadata = Cleaned(metadata);
        var now = Now;
        var ids = events.Select(_ => Contracts.Ids.New()).ToArray();
        var aliases = events.Select(e => _ledger.Types.AliasOf(e.GetType())).ToArray();
        var bodies = events.Select(e => JsonSerializer.Serialize(e, e.GetType(), LedgerJson.Options)).ToArray();
        var headers = JsonSerializer.Serialize(Headers(metadata), LedgerJson.Options);
        await using var append = Command(
            $"select {_ledger.Schema}.mt_quick_append_events($1,$2,'*DEFAULT*',$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13)",
            Text(streamId),
            Text(streamType),
            Array(ids, NpgsqlDbType.Uuid),
            Array(aliases, NpgsqlDbType.Varchar),
            Array(events.Select(e => EventTypes.DotnetName(e.GetType())).ToArray(), NpgsqlDbType.Varchar),
            Array(bodies, NpgsqlDbType.Jsonb),
            Array(new byte[]?[events.Count], NpgsqlDbType.Bytea),
            Array(Repeat(metadata.CausationId), NpgsqlDbType.Varchar),
            Array(Repeat(metadata.CorrelationId), NpgsqlDbType.Varchar),
            Array(Repeat(headers), NpgsqlDbType.Jsonb),
            Array(Repeat(metadata.Actor), NpgsqlDbType.Varchar),
            Array(Repeat(now), NpgsqlDbType.TimestampTz),
            new NpgsqlParameter { Value = expectedVersion, NpgsqlDbType = NpgsqlDbType.Bigint });
        long[] result;
        try
        {
            result = (long[])(await append.ExecuteScalarAsync(cancellationToken))!;
        }
        catch (PostgresException e) when (e.SqlState is VersionMismatch or PostgresErrorCodes.UniqueViolation)
        {
            activity?.SetStatus(ActivityStatusCode.Error, "conflict");
            throw new LedgerConflictException($"Stream '{streamId}' is not at version {expectedVersion} any more.", e);
        }
        catch (PostgresException e) when (e.SqlState == Archived)
        {
            activity?.SetStatus(ActivityStatusCode.Error, "archived");
            throw new LedgerArchivedException($"Stream '{streamId}' is archived: it can be read, and nothing more can happen to it. Begin a new one under another name.", e);
        }

        _appended = true;
        var stored = events.Select((e, i) => new StoredEvent
        {
            SeqId = result[i + 1],
            Id = ids[i],
            StreamId = streamId,
            Version = expectedVersion + i + 1,
            Type = aliases[i],
            // What readers will see, so that a view folded now equals one folded later.
            Data = JsonSerializer.Deserialize(bodies[i], e.GetType(), LedgerJson.Options),
            Json = bodies[i],
            Timestamp = now,
            CorrelationId = metadata.CorrelationId,
            CausationId = metadata.CausationId,
            HeadersJson = headers,
        }).ToArray();
        LedgerMetrics.Appended(category, events.Count);
        foreach (var view in _ledger.Views[category])
        {
            await view.ApplyAsync(this, streamId, stored, cancellationToken);
        }

        return stored;

        T[] Repeat<T>(T value) => [.. Enumerable.Repeat(value, events.Count)];
    }

    /// <summary>Appends what was decided on a loaded state.</summary>
    public Task<IReadOnlyList<StoredEvent>> AppendAsync<T>(
        Loaded<T> loaded, IReadOnlyList<object> events, EventMetadata metadata, CancellationToken cancellationToken = default)
        where T : IAggregate<T> => AppendAsync(loaded.StreamId, T.Category, loaded.Version, events, metadata, cancellationToken);

    /// <summary>Takes a name for a stream; false when another stream holds it. Waits for an undecided rival.</summary>
    public async Task<bool> TakeNameAsync(string area, string name, string streamId, CancellationToken cancellationToken = default)
    {
        await using var take = Command(
            $"insert into {_ledger.Schema}.eml_name(area, name, stream_id) values ($1, $2, $3) on conflict (area, name) do update set area = excluded.area where eml_name.stream_id = excluded.stream_id",
            Text(area), Text(name), Text(streamId));
        return await take.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>Gives a stream's name free; nothing happens when it holds none.</summary>
    public async Task ReleaseNameAsync(string area, string name, string streamId, CancellationToken cancellationToken = default)
    {
        await using var release = Command(
            $"delete from {_ledger.Schema}.eml_name where area = $1 and name = $2 and stream_id = $3", Text(area), Text(name), Text(streamId));
        await release.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Has something done once this transaction has committed, such as waking whoever waits for its rows; never when it rolls back.</summary>
    /// <param name="action">Quick, and without exceptions.</param>
    public void OnCommitted(Action action) => _committed.Add(action);

    /// <summary>Makes it true, wakes the sequencer and does what waited for that.</summary>
    public async Task CommitAsync(CancellationToken cancellationToken = default)
    {
        await Transaction.CommitAsync(cancellationToken);
        if (_appended)
        {
            _ledger.Signal.Raise();
        }

        foreach (var action in _committed)
        {
            action();
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        try
        {
            await Transaction.DisposeAsync();
        }
        finally
        {
            await Connection.DisposeAsync();
        }
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

    private static NpgsqlParameter Text(string value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Text };

    private static NpgsqlParameter Array<T>(T[] value, NpgsqlDbType type) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Array | type };
}
