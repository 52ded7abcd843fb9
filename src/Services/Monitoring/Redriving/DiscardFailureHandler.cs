using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Monitoring;

namespace EventMl.Monitoring.Redriving;

/// <summary>Decides that one failed message is never sent again.</summary>
internal sealed class DiscardFailureHandler : ICommandHandler<DiscardFailure>
{
    public async Task<CommandResult> HandleAsync(DiscardFailure command, CommandContext context, CancellationToken cancellationToken)
    {
        if (Wish.CheckReason(command.Reason) is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        if (FailureRow.Parse(command.FailureId) is not { } id || await FailureTable.LockAsync(context.Transaction, id, cancellationToken) is not { } row)
        {
            return CommandResult.Refused(Wish.NotFound(command.FailureId));
        }

        var failure = await context.Transaction.LoadAsync<Failure>(row.FailureId, cancellationToken);
        var decision = Failure.Discard(row, command.Reason!, context.Now);
        if (decision.Refusal is not null)
        {
            return CommandResult.Refused(decision.Refusal);
        }

        await context.Transaction.AppendAsync(failure, decision.Events, context.Metadata, cancellationToken);
        await FailureTable.SetStateAsync(context.Transaction, id, FailureState.Discarded, context.Now, cancellationToken);
        return CommandResult.Accepted(row.FailureId);
    }

    public object Reject(DiscardFailure command, Refusal refusal, CommandContext context) =>
        new FailureRejected(command.FailureId, null, nameof(DiscardFailure), refusal.Code, refusal.Message, context.Now);
}

/// <summary>Decides that the failed messages of a cause are never sent again.</summary>
internal sealed class DiscardFailuresHandler : ICommandHandler<DiscardFailures>
{
    public async Task<CommandResult> HandleAsync(DiscardFailures command, CommandContext context, CancellationToken cancellationToken)
    {
        if (Wish.CheckReason(command.Reason) is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        if (string.IsNullOrEmpty(command.Group))
        {
            return CommandResult.Refused(Wish.Invalid("'group' is missing; list the groups to find it."));
        }

        return await Wish.ManyAsync(
            context, command.Group, command.FailedBefore,
            async (row, _) =>
            {
                await FailureTable.SetStateAsync(context.Transaction, row.Id, FailureState.Discarded, context.Now, cancellationToken);
                return Failure.Discard(row, command.Reason!, context.Now);
            },
            cancellationToken);
    }

    public object Reject(DiscardFailures command, Refusal refusal, CommandContext context) =>
        new FailureRejected(null, command.Group, nameof(DiscardFailures), refusal.Code, refusal.Message, context.Now);
}
