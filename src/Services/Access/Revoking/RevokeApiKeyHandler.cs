using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Access;
using EventMl.EventStore;

namespace EventMl.Access.Revoking;

/// <summary>Makes a key invalid for ever; every process hears of it.</summary>
internal sealed class RevokeApiKeyHandler : ICommandHandler<RevokeApiKey>
{
    public async Task<CommandResult> HandleAsync(RevokeApiKey command, CommandContext context, CancellationToken cancellationToken)
    {
        if (command.KeyId is not { } keyId)
        {
            return CommandResult.Refused(Wish.Invalid("'key_id' is missing; list the keys to find it."));
        }

        if ((Wish.KeyId(keyId) ?? Wish.Reason(command.Reason)) is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        // The principal's stream is locked first, as by those who decide on all of its keys.
        var seen = await context.Transaction.PeekAsync<ApiKey>(keyId, cancellationToken);
        var principal = seen.State.Issued is { } issued ? await context.Transaction.LoadAsync<Principal>(issued.Principal, cancellationToken) : null;
        var key = await context.Transaction.LoadAsync<ApiKey>(keyId, cancellationToken);
        var decision = key.State.Revoke(keyId, command.Reason!, context.Now);
        if (decision.Refusal is { } refused)
        {
            return CommandResult.Refused(refused);
        }

        await context.Transaction.AppendAsync(key, decision.Events, context.Metadata, cancellationToken);
        if (principal is not null)
        {
            await context.Transaction.ReleaseUseAsync(principal.StreamId, key.StreamId, cancellationToken);
        }

        return CommandResult.Accepted(keyId);
    }

    public object Reject(RevokeApiKey command, Refusal refusal, CommandContext context) =>
        new AccessRejected(null, command.KeyId, nameof(RevokeApiKey), refusal.Code, refusal.Message, context.Now);
}
