namespace EventMl.Contracts.Access;

/// <summary>Asks for a principal to be known with these rights, or for its rights to become these; what is left out is not kept.</summary>
public sealed record GrantPrincipal
{
    /// <summary>Name of the principal: letters, digits, <c>.</c>, <c>_</c>, <c>@</c> and <c>-</c>, at most 100.</summary>
    public string? Principal { get; init; }

    /// <summary><c>viewer</c>, <c>developer</c>, <c>approver</c> or <c>admin</c>; each may do what the ones before it may.</summary>
    public string? Role { get; init; }

    /// <summary>Areas the role holds in, such as <c>training</c>; all of them (<c>*</c>) when absent.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>Accounts on the broker that speak for the principal; none when absent.</summary>
    public IReadOnlyList<string>? BrokerUsers { get; init; }
}

/// <summary>Asks for a principal to lose all its rights and keys.</summary>
public sealed record RevokePrincipal
{
    /// <summary>Name of the principal.</summary>
    public string? Principal { get; init; }

    /// <summary>Why, for the ledger.</summary>
    public string? Reason { get; init; }
}

/// <summary>A principal got rights.</summary>
/// <param name="Principal">Its name.</param>
/// <param name="Role">Its role.</param>
/// <param name="Scopes">Areas the role holds in, or <c>*</c> for all.</param>
/// <param name="BrokerUsers">Accounts on the broker that speak for it.</param>
/// <param name="GrantedAt">When.</param>
public sealed record PrincipalGranted(string Principal, string Role, IReadOnlyList<string> Scopes, IReadOnlyList<string> BrokerUsers, DateTimeOffset GrantedAt);

/// <summary>A principal's rights became others.</summary>
/// <param name="Principal">Its name.</param>
/// <param name="Role">Its role from now on.</param>
/// <param name="Scopes">Areas the role holds in from now on, or <c>*</c> for all.</param>
/// <param name="BrokerUsers">Accounts on the broker that speak for it from now on.</param>
/// <param name="ChangedAt">When.</param>
public sealed record PrincipalChanged(string Principal, string Role, IReadOnlyList<string> Scopes, IReadOnlyList<string> BrokerUsers, DateTimeOffset ChangedAt);

/// <summary>A principal lost all its rights; its keys are revoked with it.</summary>
/// <param name="Principal">Its name.</param>
/// <param name="Reason">Why.</param>
/// <param name="RevokedAt">When.</param>
public sealed record PrincipalRevoked(string Principal, string Reason, DateTimeOffset RevokedAt);

/// <summary>A command for a principal or a key was refused.</summary>
/// <param name="Principal">The principal it named, if any.</param>
/// <param name="KeyId">The key it named, if any.</param>
/// <param name="Command">The command that was refused.</param>
/// <param name="Code">What kind of problem, for programs.</param>
/// <param name="Message">What is wrong and what to do, for people.</param>
/// <param name="RejectedAt">When.</param>
public sealed record AccessRejected(string? Principal, string? KeyId, string Command, string Code, string Message, DateTimeOffset RejectedAt);
