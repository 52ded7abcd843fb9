using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Access;
using EventMl.EventStore;

namespace EventMl.Access.Revoking;

/// <summary>Takes all rights and keys of a principal away; its name stays its own, and granted again it begins without keys.</summary>
internal sealed class RevokePrincipalHandler : ICommandHandler<RevokePrincipal>
{
    public async Task<CommandResult> HandleAsync(RevokePrincipal command, CommandContext context, CancellationToken cancellationToken)
    {
        if ((Wish.Principal(command.Principal) ?? Wish.Reason(command.Reason)) is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        var principal = await context.Transaction.LoadAsync<Principal>(command.Principal!, cancellationToken);
        var decision = principal.State.Revoke(command.Principal!, command.Reason!, context.Now);
        if (decision.Refusal is { } refused)
        {
            return CommandResult.Refused(refused);
        }

        await context.Transaction.AppendAsync(principal, decision.Events, context.Metadata, cancellationToken);
        foreach (var user in principal.State.Rights!.BrokerUsers)
        {
            await context.Transaction.ReleaseNameAsync(AccessModule.BrokerUsers, user, principal.StreamId, cancellationToken);
        }

        while (await context.Transaction.FindUserAsync(principal.StreamId, cancellationToken) is { } keyId)
        {
            var key = await context.Transaction.LoadAsync<ApiKey>(keyId, cancellationToken);
            await context.Transaction.AppendAsync(key, key.State.Revoke(keyId, command.Reason!, context.Now).Events, context.Metadata, cancellationToken);
            await context.Transaction.ReleaseUseAsync(principal.StreamId, key.StreamId, cancellationToken);
        }

        return CommandResult.Accepted(command.Principal);
    }

    public object Reject(RevokePrincipal command, Refusal refusal, CommandContext context) =>
        new AccessRejected(command.Principal, null, nameof(RevokePrincipal), refusal.Code, refusal.Message, context.Now);
}
