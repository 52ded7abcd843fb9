using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Monitoring;
using EventMl.EventStore;

namespace EventMl.Monitoring.Redriving;

/// <summary>Decides that one failed message is sent again; it goes out after the commit.</summary>
internal sealed class RetryFailureHandler(RawSender sender, QueueDirectory queues, RedriveSignal signal) : ICommandHandler<RetryFailure>
{
    public async Task<CommandResult> HandleAsync(RetryFailure command, CommandContext context, CancellationToken cancellationToken)
    {
        var edit = MessageEdit.Of(command, out var refusal);
        if ((refusal ?? Wish.CheckReason(command.Reason)) is { } wrong)
        {
            return CommandResult.Refused(wrong);
        }

        // Whoever writes a message anew speaks as the platform to any area, and chooses what is done in its own name.
        if (edit is not null && context.Grant.Check(new AccessRule(Role.Admin, Scopes.Every)) is { } forbidden)
        {
            return CommandResult.Refused(forbidden);
        }

        if (FailureRow.Parse(command.FailureId) is not { } id || await FailureTable.LockAsync(context.Transaction, id, cancellationToken) is not { } row)
        {
            return CommandResult.Refused(Wish.NotFound(command.FailureId));
        }

        var failure = await context.Transaction.LoadAsync<Failure>(row.FailureId, cancellationToken);
        var edited = edit is null ? null : sender.Edited(await FailureTable.MessageAsync(context.Transaction, id, cancellationToken), edit.Body, edit.ContentType, edit.Headers, context.Metadata.Actor);
        var decision = failure.State.Retry(
            row, edited is null ? null : new FailureEdit(edited.BodySha256, [.. edit!.Headers.Keys.Order(StringComparer.Ordinal)]), row.MessageId ?? id, command.Reason!, context.Now);
        if (decision.Refusal is not null)
        {
            return CommandResult.Refused(decision.Refusal);
        }

        if (edited is not null)
        {
            if (await CheckEditAsync(row, edited, cancellationToken) is { } refused)
            {
                return CommandResult.Refused(refused);
            }

            await FailureTable.ReplaceAsync(context.Transaction, id, edited, cancellationToken);
        }

        await context.Transaction.AppendAsync(failure, decision.Events, context.Metadata, cancellationToken);
        await FailureTable.QueueAsync(context.Transaction, id, row.MessageId ?? id, context.Now, cancellationToken);
        context.Transaction.OnCommitted(signal.Raise);
        return CommandResult.Accepted(row.FailureId);
    }

    public object Reject(RetryFailure command, Refusal refusal, CommandContext context) =>
        new FailureRejected(command.FailureId, null, nameof(RetryFailure), refusal.Code, refusal.Message, context.Now);

    private async Task<Refusal?> CheckEditAsync(FailureRow row, RawMessage edited, CancellationToken cancellationToken)
    {
        // An event says what the ledger holds, and nobody may make it say something else.
        if (!(await queues.ListAsync(cancellationToken)).Any(q => q.Name == row.Queue && q.TakesCommands))
        {
            return Wish.Invalid($"'{row.Queue}' takes events, which tell what the ledger holds and cannot be changed; retry it as it is, or discard it.");
        }

        // Under the same identity the receiver takes the old or the new message, never both.
        return edited.MessageId is { } changed && changed != (row.MessageId ?? changed)
            ? Wish.Invalid($"The changed envelope has another messageId than the message that failed ({row.MessageId:D}); leave it as it was.")
            : null;
    }
}

/// <summary>Decides that many failed messages are sent again.</summary>
internal sealed class RetryFailuresHandler(RedriveSignal signal) : ICommandHandler<RetryFailures>
{
    public async Task<CommandResult> HandleAsync(RetryFailures command, CommandContext context, CancellationToken cancellationToken)
    {
        if (Wish.CheckReason(command.Reason) is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        context.Transaction.OnCommitted(signal.Raise);
        return await Wish.ManyAsync(
            context, command.Group, command.FailedBefore,
            async (row, failure) =>
            {
                await FailureTable.QueueAsync(context.Transaction, row.Id, row.MessageId ?? row.Id, context.Now, cancellationToken);
                return failure.State.Retry(row, null, row.MessageId ?? row.Id, command.Reason!, context.Now);
            },
            cancellationToken);
    }

    public object Reject(RetryFailures command, Refusal refusal, CommandContext context) =>
        new FailureRejected(null, command.Group, nameof(RetryFailures), refusal.Code, refusal.Message, context.Now);
}
