using Npgsql;
using NpgsqlTypes;

namespace EventMl.EventStore;

/// <summary>One unit of truth: appends, inline views, names and any other rows of the same connection commit together or not at all.</summary>
public sealed class LedgerTransaction : IAsyncDisposable
{
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
        return events.Count == 0 ? [] : await AppendAsync(new AppendStatement(_ledger, streamId, streamType, expectedVersion, events, metadata), cancellationToken);
    }

    /// <summary>Appends what was decided on a loaded state.</summary>
    public Task<IReadOnlyList<StoredEvent>> AppendAsync<T>(
        Loaded<T> loaded, IReadOnlyList<object> events, EventMetadata metadata, CancellationToken cancellationToken = default)
        where T : IAggregate<T> => AppendAsync(loaded.StreamId, T.Category, loaded.Version, events, metadata, cancellationToken);

    internal async Task<IReadOnlyList<StoredEvent>> AppendAsync(AppendStatement statement, CancellationToken cancellationToken)
    {
        await using var append = Command("");
        var stored = await statement.ExecuteAsync(append, cancellationToken);
        _appended = true;
        foreach (var view in _ledger.Views[statement.Category])
        {
            await view.ApplyAsync(this, statement.StreamId, stored, cancellationToken);
        }

        return stored;
    }

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

    private static NpgsqlParameter Text(string value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Text };
}
