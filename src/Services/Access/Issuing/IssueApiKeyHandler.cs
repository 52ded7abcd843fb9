using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Access;
using EventMl.EventStore;

namespace EventMl.Access.Issuing;

/// <summary>Decides on a key, which never has more rights than its principal; of its secret only the hash comes here.</summary>
internal sealed class IssueApiKeyHandler : ICommandHandler<IssueApiKey>
{
    public async Task<CommandResult> HandleAsync(IssueApiKey command, CommandContext context, CancellationToken cancellationToken)
    {
        if ((Wish.KeyId(command.KeyId) ?? Wish.Principal(command.Principal) ?? (command.Role is null ? null : Wish.Role(command.Role))
            ?? (command.Scopes is null ? null : Wish.Areas(command.Scopes)) ?? Wish.Expiry(command.ExpiresAt, context.Now) ?? Wish.Secret(command.SecretSha256)) is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        // Locked, so that it keeps its rights until this is decided.
        var principal = await context.Transaction.LoadAsync<Principal>(command.Principal!, cancellationToken);
        if (principal.State.Rights is not { } rights)
        {
            return CommandResult.Refused(ErrorCodes.PrincipalNotFound, Principal.Unknown(command.Principal));
        }

        var (role, scopes) = (command.Role ?? rights.Role, command.Scopes ?? rights.Scopes);
        var owner = new Grant(command.Principal!, Roles.Parse(rights.Role)!.Value, rights.Scopes);
        if (!owner.Covers(Roles.Parse(role)!.Value, scopes))
        {
            return CommandResult.Refused(Wish.Invalid($"{owner.Principal} is {rights.Role} of {string.Join(", ", rights.Scopes)}; a key of it can have no more than that."));
        }

        if (Wish.Covered(context.Grant, Roles.Parse(role)!.Value, scopes) is { } forbidden)
        {
            return CommandResult.Refused(forbidden);
        }

        var keyId = command.KeyId ?? context.DeriveId(ApiKeySecret.IdPrefix);
        var key = await context.Transaction.LoadAsync<ApiKey>(keyId, cancellationToken);
        var decision = key.State.Issue(new ApiKeyIssued(
            keyId, command.Principal!, role, scopes, command.ExpiresAt is { } end ? Clean.Time(end) : null, command.SecretSha256!, context.Now));
        if (decision.Refusal is { } refused)
        {
            return CommandResult.Refused(refused);
        }

        await context.Transaction.AppendAsync(key, decision.Events, context.Metadata, cancellationToken);
        await context.Transaction.UseAsync(principal.StreamId, key.StreamId, cancellationToken);
        return CommandResult.Accepted(keyId);
    }

    public object Reject(IssueApiKey command, Refusal refusal, CommandContext context) =>
        new AccessRejected(command.Principal, command.KeyId, nameof(IssueApiKey), refusal.Code, refusal.Message, context.Now);
}
