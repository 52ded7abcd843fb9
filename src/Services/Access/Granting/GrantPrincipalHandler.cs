using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Access;
using EventMl.EventStore;

namespace EventMl.Access.Granting;

/// <summary>Decides on the rights of a principal; its accounts on the broker speak for nobody else.</summary>
internal sealed class GrantPrincipalHandler(BusOptions bus) : ICommandHandler<GrantPrincipal>
{
    public async Task<CommandResult> HandleAsync(GrantPrincipal command, CommandContext context, CancellationToken cancellationToken)
    {
        var rights = new Rights(command.Role ?? "", command.Scopes ?? Scopes.All, command.BrokerUsers ?? []);
        if ((Wish.Principal(command.Principal) ?? Wish.Role(command.Role) ?? Wish.Areas(rights.Scopes) ?? Wish.BrokerUsers(rights.BrokerUsers, bus.OwnUser)
            ?? Wish.Covered(context.Grant, Roles.Parse(rights.Role)!.Value, rights.Scopes)) is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        var principal = await context.Transaction.LoadAsync<Principal>(command.Principal!, cancellationToken);
        // Else an admin of few areas could take the rights of one of all.
        if (principal.State.Rights is { } held && Wish.Covered(context.Grant, Roles.Parse(held.Role) ?? Role.Admin, held.Scopes) is { } forbidden)
        {
            return CommandResult.Refused(forbidden);
        }

        var decision = principal.State.Grant(command.Principal!, rights, context.Now);
        if (decision.Events.Count > 0 && await TakeAsync(context, principal, rights, cancellationToken) is { } taken)
        {
            return CommandResult.Refused(taken);
        }

        await context.Transaction.AppendAsync(principal, decision.Events, context.Metadata, cancellationToken);
        return CommandResult.Accepted(command.Principal);
    }

    public object Reject(GrantPrincipal command, Refusal refusal, CommandContext context) =>
        new AccessRejected(command.Principal, null, nameof(GrantPrincipal), refusal.Code, refusal.Message, context.Now);

    private static async Task<Refusal?> TakeAsync(CommandContext context, Loaded<Principal> principal, Rights wanted, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> held = principal.State.Rights?.BrokerUsers ?? [];
        foreach (var user in held.Except(wanted.BrokerUsers, StringComparer.Ordinal))
        {
            await context.Transaction.ReleaseNameAsync(AccessModule.BrokerUsers, user, principal.StreamId, cancellationToken);
        }

        // In one order, so that two who want the same do not wait for each other.
        foreach (var user in wanted.BrokerUsers.Except(held, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            if (!await context.Transaction.TakeNameAsync(AccessModule.BrokerUsers, user, principal.StreamId, cancellationToken))
            {
                return new Refusal(ErrorCodes.BrokerUserTaken, $"The broker's account '{user}' speaks for another principal; take it from that one first.");
            }
        }

        return null;
    }
}
