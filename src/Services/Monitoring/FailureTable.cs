using EventMl.Bus;
using EventMl.Contracts;
using EventMl.EventStore;
using Npgsql;
using NpgsqlTypes;

namespace EventMl.Monitoring;

/// <summary>A failed message without its bytes.</summary>
internal sealed record FailureRow(
    Guid Id, string Queue, bool Skipped, Guid? MessageId, string State, string Group, string Cause, string ExceptionType, string Reason, string? MessageType, string? ContentType,
    long SizeBytes, string BodySha256, int Failures, int Redrives, DateTimeOffset FirstFailedAt, DateTimeOffset LastFailedAt, DateTimeOffset ChangedAt, DateTimeOffset? FaultAt)
{
    public const string Columns =
        "id, queue, skipped, message_id, state, cause, cause_text, exception_type, reason, message_type, content_type, size_bytes, body_sha256, failures, redrives, first_failed_at, last_failed_at, changed_at, fault_at";

    /// <summary>The public id.</summary>
    public string FailureId => Ids.Named("fail", Id);

    /// <summary>The UUID of a public id; null when it is none.</summary>
    public static Guid? Parse(string? failureId) =>
        failureId?.StartsWith("fail-", StringComparison.Ordinal) == true && Guid.TryParseExact(failureId.AsSpan(5), "N", out var id) ? id : null;

    public static FailureRow Read(NpgsqlDataReader reader) => new(
        reader.GetGuid(0), reader.GetString(1), reader.GetBoolean(2), reader.IsDBNull(3) ? null : reader.GetGuid(3), reader.GetString(4), reader.GetString(5), reader.GetString(6),
        reader.GetString(7), reader.GetString(8), Text(reader, 9), Text(reader, 10), reader.GetInt64(11), reader.GetString(12), reader.GetInt32(13), reader.GetInt32(14),
        reader.GetFieldValue<DateTimeOffset>(15), reader.GetFieldValue<DateTimeOffset>(16), reader.GetFieldValue<DateTimeOffset>(17),
        reader.IsDBNull(18) ? null : reader.GetFieldValue<DateTimeOffset>(18));

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}

/// <summary>The failed messages and what waits to be sent again, as transactions change them.</summary>
internal static class FailureTable
{
    public const string CreateSql = """
        create table if not exists monitoring.failure (
          id uuid primary key, queue text not null, skipped boolean not null, message_id uuid, state text not null,
          cause text not null, cause_text text not null, exception_type text not null, reason text not null, stack text not null, host text not null,
          message_type text, content_type text, size_bytes bigint not null, body bytea not null, body_sha256 text not null, envelope bytea not null,
          failures int not null, redrives int not null, first_failed_at timestamptz not null, last_failed_at timestamptz not null,
          changed_at timestamptz not null, fault_at timestamptz, sent_at timestamptz);
        create unique index if not exists failure_message on monitoring.failure (queue, message_id) where message_id is not null;
        create index if not exists failure_listed on monitoring.failure (first_failed_at, id);
        create index if not exists failure_cause on monitoring.failure (state, cause);
        create index if not exists failure_changed on monitoring.failure (state, changed_at);
        create index if not exists failure_nameless on monitoring.failure (queue, body_sha256) where message_id is null;
        create table if not exists monitoring.redrive (
          failure_id uuid primary key references monitoring.failure on delete cascade, seq bigint generated always as identity, claimed_until timestamptz);
        create index if not exists redrive_order on monitoring.redrive (seq);
        """;

    /// <summary>The row, locked until the end of the transaction; null when there is none.</summary>
    public static Task<FailureRow?> LockAsync(LedgerTransaction transaction, Guid id, CancellationToken cancellationToken) =>
        OneAsync(transaction.Command($"select {FailureRow.Columns} from monitoring.failure where id = $1 for update", Uuid(id)), cancellationToken);

    /// <summary>The row of a message that failed in a queue before, locked.</summary>
    public static Task<FailureRow?> LockAsync(LedgerTransaction transaction, string queue, Guid messageId, CancellationToken cancellationToken) =>
        OneAsync(transaction.Command($"select {FailureRow.Columns} from monitoring.failure where queue = $1 and message_id = $2 for update", Text(queue), Uuid(messageId)), cancellationToken);

    /// <summary>Failed messages to decide on together, oldest first; rows that others decide on right now are left out.</summary>
    public static async Task<IReadOnlyList<FailureRow>> LockOpenAsync(
        LedgerTransaction transaction, string? group, DateTimeOffset failedBefore, int limit, CancellationToken cancellationToken)
    {
        await using var find = transaction.Command(
            $"""
            select {FailureRow.Columns} from monitoring.failure
            where state = '{FailureState.Failed}' and ($1::text is null or cause = $1) and last_failed_at < $2
            order by first_failed_at, id limit $3 for update skip locked
            """,
            Text(group), Time(failedBefore), new NpgsqlParameter { Value = limit });
        await using var reader = await find.ExecuteReaderAsync(cancellationToken);
        var rows = new List<FailureRow>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(FailureRow.Read(reader));
        }

        return rows;
    }

    /// <summary>The message itself.</summary>
    public static async Task<RawMessage> MessageAsync(LedgerTransaction transaction, Guid id, CancellationToken cancellationToken)
    {
        await using var read = transaction.Command("select envelope, body from monitoring.failure where id = $1", Uuid(id));
        await using var reader = await read.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return RawMessage.Read(reader.GetFieldValue<byte[]>(0), reader.GetFieldValue<byte[]>(1));
    }

    /// <summary>Has the message sent after the commit, under the identity given.</summary>
    public static async Task QueueAsync(LedgerTransaction transaction, Guid id, Guid messageId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var update = transaction.Command(
            $"""
            with retried as (
              update monitoring.failure set state = '{FailureState.Retrying}', redrives = redrives + 1, message_id = $2, changed_at = $3, sent_at = null where id = $1 returning id)
            insert into monitoring.redrive(failure_id) select id from retried on conflict (failure_id) do update set claimed_until = null
            """,
            Uuid(id), Uuid(messageId), Time(now));
        await update.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Replaces the message by a changed one.</summary>
    public static async Task ReplaceAsync(LedgerTransaction transaction, Guid id, RawMessage message, CancellationToken cancellationToken)
    {
        await using var update = transaction.Command(
            "update monitoring.failure set envelope = $2, body = $3, body_sha256 = $4, size_bytes = $5, content_type = $6 where id = $1",
            Uuid(id), Bytes(message.Envelope()), Bytes(message.Body.ToArray()), Text(message.BodySha256), new NpgsqlParameter { Value = (long)message.Body.Length },
            Text(message.ContentType is { } type ? Clean.Text(type) : null));
        await update.ExecuteNonQueryAsync(cancellationToken);
    }

    public static async Task SetStateAsync(LedgerTransaction transaction, Guid id, string state, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var update = transaction.Command("update monitoring.failure set state = $2, changed_at = $3 where id = $1", Uuid(id), Text(state), Time(now));
        await update.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Says anew why it is open.</summary>
    public static async Task SetReasonAsync(LedgerTransaction transaction, Guid id, string reason, CancellationToken cancellationToken)
    {
        await using var update = transaction.Command("update monitoring.failure set reason = $2 where id = $1", Uuid(id), Text(Clean.Text(reason)));
        await update.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Nothing of the message waits to be sent any more.</summary>
    public static async Task UnqueueAsync(LedgerTransaction transaction, Guid id, CancellationToken cancellationToken)
    {
        await using var delete = transaction.Command("delete from monitoring.redrive where failure_id = $1", Uuid(id));
        await delete.ExecuteNonQueryAsync(cancellationToken);
    }

    public static NpgsqlParameter Text(string? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };

    public static NpgsqlParameter Uuid(Guid? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid };

    public static NpgsqlParameter Bytes(byte[] value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Bytea };

    public static NpgsqlParameter Time(DateTimeOffset? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz };

    private static async Task<FailureRow?> OneAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var _ = command;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? FailureRow.Read(reader) : null;
    }
}
