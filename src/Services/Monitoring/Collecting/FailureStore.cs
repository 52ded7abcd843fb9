using EventMl.Bus;
using EventMl.Contracts;
using EventMl.EventStore;
using Npgsql;

namespace EventMl.Monitoring.Collecting;

/// <summary>Keeps dead letters: a message that fails again in the same queue updates its row, a letter that is handed out twice changes nothing.</summary>
internal sealed class FailureStore(Ledger ledger) : IDeadLetterStore
{
    public async Task KeepAsync(DeadLetter letter, CancellationToken cancellationToken)
    {
        using var area = AreaScope.Enter(MonitoringModule.Schema);
        await ledger.InTransactionAsync(
            async transaction =>
            {
                var messageId = letter.Message.MessageId;
                var known = messageId is { } id ? await FailureTable.LockAsync(transaction, letter.Queue, id, cancellationToken) : await NamelessAsync(transaction, letter, cancellationToken);
                if (known is null)
                {
                    await InsertAsync(transaction, NewId(letter, messageId), messageId, letter, cancellationToken);
                }
                else if (!IsKnown(known, letter))
                {
                    await AgainAsync(transaction, known, letter, cancellationToken);
                }

                return true;
            },
            cancellationToken);
    }

    // A letter that was kept but not acknowledged comes again.
    private static bool IsKnown(FailureRow known, DeadLetter letter) => letter.FailedAt is { } at && known.FaultAt is { } kept
        ? at <= kept
        : letter.Redelivered && known.State == FailureState.Failed && known.FaultAt == letter.FailedAt && known.BodySha256 == letter.Message.BodySha256;

    // Without an identity only its bytes and the time of its failure tell a letter from another.
    private static async Task<FailureRow?> NamelessAsync(LedgerTransaction transaction, DeadLetter letter, CancellationToken cancellationToken)
    {
        if (!letter.Redelivered)
        {
            return null;
        }

        await using var find = transaction.Command(
            $"select {FailureRow.Columns} from monitoring.failure where queue = $1 and body_sha256 = $2 and message_id is null and fault_at is not distinct from $3 limit 1",
            FailureTable.Text(letter.Queue), FailureTable.Text(letter.Message.BodySha256), FailureTable.Time(letter.FailedAt));
        await using var reader = await find.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? FailureRow.Read(reader) : null;
    }

    private static Guid NewId(DeadLetter letter, Guid? messageId) => messageId is { } id ? Ids.Derive("failure", $"{letter.Queue}\n{id:D}") : Ids.New();

    private static async Task InsertAsync(LedgerTransaction transaction, Guid id, Guid? messageId, DeadLetter letter, CancellationToken cancellationToken)
    {
        await using var insert = transaction.Command(
            $"""
            insert into monitoring.failure(
              id, queue, skipped, message_id, state, cause, cause_text, exception_type, reason, stack, host, message_type, content_type, size_bytes, body, body_sha256, envelope,
              failures, redrives, first_failed_at, last_failed_at, changed_at, fault_at)
            values ($1, $2, $3, $4, '{FailureState.Failed}', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 1, 0, $17, $17, $17, $18)
            on conflict do nothing
            """,
            [FailureTable.Uuid(id), FailureTable.Text(letter.Queue), new NpgsqlParameter { Value = letter.Skipped }, FailureTable.Uuid(messageId), .. Content(letter),
                FailureTable.Time(transaction.Now), FailureTable.Time(letter.FailedAt)]);
        if (await insert.ExecuteNonQueryAsync(cancellationToken) == 0)
        {
            throw new LedgerConflictException("Another collector kept the same message at the same time.");
        }
    }

    private static async Task AgainAsync(LedgerTransaction transaction, FailureRow known, DeadLetter letter, CancellationToken cancellationToken)
    {
        // It came back, so it was sent, whatever the dispatcher knows of that.
        await FailureTable.UnqueueAsync(transaction, known.Id, cancellationToken);
        var failure = await transaction.LoadAsync<Failure>(known.FailureId, cancellationToken);
        var returned = failure.State.Return(known, Cause.Of(letter).Group, transaction.Now);
        await transaction.AppendAsync(failure, returned.Events, MonitoringModule.Automatic(known), cancellationToken);
        await using var update = transaction.Command(
            $"""
            update monitoring.failure set state = '{FailureState.Failed}', skipped = $2, cause = $3, cause_text = $4, exception_type = $5, reason = $6, stack = $7, host = $8,
              message_type = $9, content_type = $10, size_bytes = $11, body = $12, body_sha256 = $13, envelope = $14,
              failures = failures + 1, last_failed_at = $15, changed_at = $15, fault_at = $16 where id = $1
            """,
            [FailureTable.Uuid(known.Id), new NpgsqlParameter { Value = letter.Skipped }, .. Content(letter), FailureTable.Time(transaction.Now), FailureTable.Time(letter.FailedAt)]);
        await update.ExecuteNonQueryAsync(cancellationToken);
    }

    private static NpgsqlParameter[] Content(DeadLetter letter)
    {
        var cause = Cause.Of(letter);
        return
        [
            FailureTable.Text(cause.Group), FailureTable.Text(cause.Text), FailureTable.Text(letter.ExceptionType), FailureTable.Text(letter.Reason),
            FailureTable.Text(letter.Stack), FailureTable.Text(letter.Host), FailureTable.Text(letter.MessageType is { } type ? Clean.Text(type) : null),
            FailureTable.Text(letter.Message.ContentType is { } content ? Clean.Text(content) : null), new NpgsqlParameter { Value = (long)letter.Message.Body.Length },
            FailureTable.Bytes(letter.Message.Body.ToArray()), FailureTable.Text(letter.Message.BodySha256), FailureTable.Bytes(letter.Message.Envelope()),
        ];
    }
}
