using System.Diagnostics;
using System.Text.Json;
using EventMl.Contracts;
using EventMl.EventStore;
using MassTransit;
using Npgsql;
using NpgsqlTypes;

namespace EventMl.Bus;

/// <summary>
/// One message's transaction in a saga: inbox row, saga row, outbox rows; nothing reaches the broker before it is committed. It goes to the database
/// twice, however much it does: to remember the message and lock the instance, and to write and commit.
/// </summary>
internal sealed class SagaTransaction : IAsyncDisposable
{
    /// <summary>What the actor of every saga begins with.</summary>
    public const string ActorPrefix = "saga:";

    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;
    private readonly Ledger _ledger;
    private readonly string _kind;
    private readonly string _headers;
    private readonly Guid? _messageId;
    private readonly CancellationToken _cancellationToken;
    private readonly List<NpgsqlBatchCommand> _writes = [];
    private NpgsqlBatchCommand? _guarded;
    private bool _remembered;
    private bool _locked;

    private SagaTransaction(Ledger ledger, NpgsqlConnection connection, NpgsqlTransaction transaction, string kind, string headers, Guid? messageId, CancellationToken cancellationToken)
    {
        _ledger = ledger;
        _connection = connection;
        _transaction = transaction;
        _kind = kind;
        _headers = headers;
        _messageId = messageId;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Whether something waits for the dispatcher.</summary>
    public bool HasMessages { get; private set; }

    public static async Task<SagaTransaction> OpenAsync(Ledger ledger, string kind, ConsumeContext context)
    {
        var connection = await ledger.OpenConnectionAsync(context.CancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(context.CancellationToken);
            return new SagaTransaction(ledger, connection, transaction, kind, Headers(kind, context), Caller.MessageId(context), context.CancellationToken);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Remembers the message and gives the instance, locked; also holds off others that would create it.</summary>
    /// <exception cref="HandledBeforeException">This saga handled the message before.</exception>
    public async Task<(int Version, string Json)?> LoadAsync(Guid id)
    {
        await using var open = new NpgsqlCommand("select is_repeated, version, data from sagas.open_instance($1, $2, $3, $4, $5)", _connection, _transaction);
        open.Parameters.AddRange(new[]
        {
            Text(BusNames.SagaQueue(_kind)),
            new NpgsqlParameter { Value = _remembered || _messageId is not { } message ? DBNull.Value : message, NpgsqlDbType = NpgsqlDbType.Uuid },
            Time(_ledger.Now), Text(_kind), Uuid(id),
        });
        await using var reader = await open.ExecuteReaderAsync(_cancellationToken);
        await reader.ReadAsync(_cancellationToken);
        (_remembered, _locked) = (true, true);
        return !reader.IsDBNull(0) && reader.GetBoolean(0) ? throw new HandledBeforeException()
            : reader.IsDBNull(1) ? null
            : (reader.GetInt32(1), reader.GetString(2));
    }

    /// <summary>Writes a new instance at once; false when it exists.</summary>
    public async Task<bool> TryInsertAsync(SagaState saga, string json)
    {
        await using var batch = new NpgsqlBatch(_connection, _transaction) { BatchCommands = { InsertCommand(saga, json) } };
        return await batch.ExecuteNonQueryAsync(_cancellationToken) == 1;
    }

    /// <summary>Writes a new instance with the commit.</summary>
    public void Insert(SagaState saga, string json) => _writes.Add(_guarded = InsertCommand(saga, json));

    /// <summary>Writes the instance with the commit if nobody else has; a finished one loses its timeouts.</summary>
    public void Update(SagaState saga, string json, int expected)
    {
        if (saga.CurrentState == SagaStore.Final)
        {
            _writes.Add(Command("delete from sagas.outbox where kind = $1 and saga_id = $2 and name is not null", Text(_kind), Uuid(saga.CorrelationId)));
        }

        _writes.Add(_guarded = Command(
            "update sagas.saga set version = $3, state = $4, data = $5, updated_at = $6 where kind = $1 and id = $2 and version = $7",
            Text(_kind), Uuid(saga.CorrelationId), new NpgsqlParameter { Value = saga.Version }, Text(saga.CurrentState), Json(json), Time(_ledger.Now), new NpgsqlParameter { Value = expected }));
    }

    /// <summary>Sends a message after the commit; under a name it replaces what that name held.</summary>
    public void Send(Guid sagaId, string? name, TimeSpan delay, object message)
    {
        _writes.Add(Command(
            """
            insert into sagas.outbox(id, kind, saga_id, name, deliver_at, message_type, body, headers) values ($1, $2, $3, $4, $5, $6, $7, $8)
            on conflict (kind, saga_id, name) where name is not null do update set
              id = excluded.id, deliver_at = excluded.deliver_at, message_type = excluded.message_type, body = excluded.body, headers = excluded.headers, claimed_until = null
            """,
            Uuid(Ids.New()), Text(_kind), Uuid(sagaId), new NpgsqlParameter { Value = name ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text }, Time(_ledger.Now + delay),
            Text(EventTypes.DotnetName(message.GetType())), Json(JsonSerializer.Serialize(message, message.GetType(), LedgerJson.Options)), Json(_headers)));
        HasMessages = true;
    }

    /// <summary>Takes back what a name holds.</summary>
    public void Unschedule(Guid sagaId, string name) =>
        _writes.Add(Command("delete from sagas.outbox where kind = $1 and saga_id = $2 and name = $3", Text(_kind), Uuid(sagaId), Text(name)));

    /// <summary>Writes everything and commits.</summary>
    /// <exception cref="ConcurrencyException">Another message wrote the instance first.</exception>
    public async Task CommitAsync()
    {
        // An instance that was not even looked for has nothing to change; the message is done all the same.
        if (!_remembered && Remember() is { } remember)
        {
            _writes.Insert(0, remember);
        }

        // Whoever holds the lock of an instance knows that its version still is what it was; else the commit has to wait for the answer.
        var guarded = _guarded is not null && !_locked;
        if (_writes.Count > 0)
        {
            await using var batch = new NpgsqlBatch(_connection, _transaction);
            _writes.ForEach(batch.BatchCommands.Add);
            if (!guarded)
            {
                batch.BatchCommands.Add(new NpgsqlBatchCommand("commit"));
            }

            await batch.ExecuteNonQueryAsync(_cancellationToken);
            if (_guarded is { RecordsAffected: 0 })
            {
                throw new ConcurrencyException($"An instance of the saga '{_kind}' was written by another message at the same time", typeof(SagaState), Guid.Empty);
            }
        }

        if (guarded || _writes.Count == 0)
        {
            await _transaction.CommitAsync(_cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private static string Headers(string kind, ConsumeContext context)
    {
        var messageId = Caller.MessageId(context);
        var correlation = context.Headers.TryGetHeader(BusHeaders.Correlation, out var text) && text is string given
            ? given
            : (context.ConversationId ?? messageId ?? Ids.New()).ToString("D");
        var trace = Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity
            ? activity.Id
            : context.Headers.TryGetHeader(BusHeaders.TraceParent, out var parent) ? parent as string : null;
        return JsonSerializer.Serialize(new OutboxHeaders(ActorPrefix + kind, correlation, messageId?.ToString("D"), trace), LedgerJson.Options);
    }

    private NpgsqlBatchCommand? Remember() => _messageId is { } id ? Inbox.Add(BusSchema.Sagas, BusNames.SagaQueue(_kind), id, _ledger.Now) : null;

    private NpgsqlBatchCommand InsertCommand(SagaState saga, string json) => Command(
        "insert into sagas.saga(kind, id, version, state, data, updated_at) values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        Text(_kind), Uuid(saga.CorrelationId), new NpgsqlParameter { Value = saga.Version }, Text(saga.CurrentState), Json(json), Time(_ledger.Now));

    private static NpgsqlBatchCommand Command(string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.AddRange(parameters);
        return command;
    }

    private static NpgsqlParameter Text(string value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Text };

    private static NpgsqlParameter Uuid(Guid value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Uuid };

    private static NpgsqlParameter Json(string value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Jsonb };

    private static NpgsqlParameter Time(DateTimeOffset value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.TimestampTz };
}

/// <summary>Ends the work on a message that its saga handled before; nobody but the store sees it.</summary>
internal sealed class HandledBeforeException : Exception;

/// <summary>What goes with a saga's message besides its body.</summary>
internal sealed record OutboxHeaders(string Actor, string Correlation, string? Causation, string? TraceParent);
