using System.Diagnostics;
using System.Text.Json;
using EventMl.Contracts;
using EventMl.EventStore;
using MassTransit;
using Npgsql;
using NpgsqlTypes;

namespace EventMl.Bus;

/// <summary>One message's transaction in a saga: inbox row, saga row, outbox rows; nothing reaches the broker before it is committed.</summary>
internal sealed class SagaTransaction : IAsyncDisposable
{
    /// <summary>What the actor of every saga begins with.</summary>
    public const string ActorPrefix = "saga:";

    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;
    private readonly Ledger _ledger;
    private readonly string _kind;
    private readonly string _headers;
    private readonly CancellationToken _cancellationToken;

    private SagaTransaction(Ledger ledger, NpgsqlConnection connection, NpgsqlTransaction transaction, string kind, string headers, CancellationToken cancellationToken)
    {
        _ledger = ledger;
        _connection = connection;
        _transaction = transaction;
        _kind = kind;
        _headers = headers;
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
            return new SagaTransaction(ledger, connection, transaction, kind, Headers(kind, context), context.CancellationToken);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Remembers the message; false when this saga handled it before.</summary>
    public async Task<bool> TryRememberAsync(Guid? messageId) =>
        messageId is not { } id || await Inbox.TryAddAsync(_connection, _transaction, BusSchema.Sagas, BusNames.SagaQueue(_kind), id, _ledger.Now, _cancellationToken);

    /// <summary>The instance, locked; also holds off others that would create it.</summary>
    public async Task<(int Version, string Json)?> LoadAsync(Guid id)
    {
        await using var hold = Command("select pg_advisory_xact_lock(hashtextextended($1, 0))", Text($"saga:{_kind}:{id:N}"));
        await hold.ExecuteNonQueryAsync(_cancellationToken);
        await using var load = Command("select version, data::text from sagas.saga where kind = $1 and id = $2 for update", Text(_kind), Uuid(id));
        await using var reader = await load.ExecuteReaderAsync(_cancellationToken);
        return await reader.ReadAsync(_cancellationToken) ? (reader.GetInt32(0), reader.GetString(1)) : null;
    }

    /// <summary>Writes a new instance; false when it exists.</summary>
    public async Task<bool> InsertAsync(SagaState saga, string json)
    {
        await using var insert = Command(
            "insert into sagas.saga(kind, id, version, state, data, updated_at) values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
            Text(_kind), Uuid(saga.CorrelationId), new NpgsqlParameter { Value = saga.Version }, Text(saga.CurrentState), Json(json), Time(_ledger.Now));
        return await insert.ExecuteNonQueryAsync(_cancellationToken) == 1;
    }

    /// <summary>Writes the instance if nobody else has; a finished one loses its timeouts.</summary>
    public async Task<bool> UpdateAsync(SagaState saga, string json, int expected)
    {
        if (saga.CurrentState == SagaStore.Final)
        {
            await using var forget = Command("delete from sagas.outbox where kind = $1 and saga_id = $2 and name is not null", Text(_kind), Uuid(saga.CorrelationId));
            await forget.ExecuteNonQueryAsync(_cancellationToken);
        }

        await using var update = Command(
            "update sagas.saga set version = $3, state = $4, data = $5, updated_at = $6 where kind = $1 and id = $2 and version = $7",
            Text(_kind), Uuid(saga.CorrelationId), new NpgsqlParameter { Value = saga.Version }, Text(saga.CurrentState), Json(json), Time(_ledger.Now), new NpgsqlParameter { Value = expected });
        return await update.ExecuteNonQueryAsync(_cancellationToken) == 1;
    }

    /// <summary>Sends a message after the commit; under a name it replaces what that name held.</summary>
    public async Task SendAsync(Guid sagaId, string? name, TimeSpan delay, object message)
    {
        await using var insert = Command(
            """
            insert into sagas.outbox(id, kind, saga_id, name, deliver_at, message_type, body, headers) values ($1, $2, $3, $4, $5, $6, $7, $8)
            on conflict (kind, saga_id, name) where name is not null do update set
              id = excluded.id, deliver_at = excluded.deliver_at, message_type = excluded.message_type, body = excluded.body, headers = excluded.headers, claimed_until = null
            """,
            Uuid(Ids.New()), Text(_kind), Uuid(sagaId), new NpgsqlParameter { Value = name ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text }, Time(_ledger.Now + delay),
            Text(EventTypes.DotnetName(message.GetType())), Json(JsonSerializer.Serialize(message, message.GetType(), LedgerJson.Options)), Json(_headers));
        await insert.ExecuteNonQueryAsync(_cancellationToken);
        HasMessages = true;
    }

    /// <summary>Takes back what a name holds.</summary>
    public async Task UnscheduleAsync(Guid sagaId, string name)
    {
        await using var delete = Command("delete from sagas.outbox where kind = $1 and saga_id = $2 and name = $3", Text(_kind), Uuid(sagaId), Text(name));
        await delete.ExecuteNonQueryAsync(_cancellationToken);
    }

    public Task CommitAsync() => _transaction.CommitAsync(_cancellationToken);

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

    private NpgsqlCommand Command(string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlCommand(sql, _connection, _transaction);
        command.Parameters.AddRange(parameters);
        return command;
    }

    private static NpgsqlParameter Text(string value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Text };

    private static NpgsqlParameter Uuid(Guid value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Uuid };

    private static NpgsqlParameter Json(string value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Jsonb };

    private static NpgsqlParameter Time(DateTimeOffset value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.TimestampTz };
}

/// <summary>What goes with a saga's message besides its body.</summary>
internal sealed record OutboxHeaders(string Actor, string Correlation, string? Causation, string? TraceParent);
