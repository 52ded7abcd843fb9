namespace EventMl.Contracts.Access;

/// <summary>Asks for a key whose secret the sender has made and keeps: only its hash travels.</summary>
public sealed record IssueApiKey
{
    /// <summary>Id of the key (<c>key-…</c>); a new one when absent.</summary>
    public string? KeyId { get; init; }

    /// <summary>Whose key it is.</summary>
    public string? Principal { get; init; }

    /// <summary>The key's role, at most the principal's; the principal's when absent.</summary>
    public string? Role { get; init; }

    /// <summary>Areas the key is good for; the principal's when absent.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>When it stops to be valid; never when absent.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>SHA-256 of the secret's 32 random bytes, hexadecimal.</summary>
    public string? SecretSha256 { get; init; }
}

/// <summary>Asks for a key to be valid no more.</summary>
public sealed record RevokeApiKey
{
    /// <summary>The key (<c>key-…</c>).</summary>
    public string? KeyId { get; init; }

    /// <summary>Why, for the ledger.</summary>
    public string? Reason { get; init; }
}

/// <summary>A key was issued; nobody but its owner has the secret.</summary>
/// <param name="KeyId">Id of the key.</param>
/// <param name="Principal">Whose key it is.</param>
/// <param name="Role">The key's role.</param>
/// <param name="Scopes">Areas the key is good for, or <c>*</c> for all.</param>
/// <param name="ExpiresAt">When it stops to be valid; null for never.</param>
/// <param name="SecretSha256">SHA-256 of the secret, hexadecimal.</param>
/// <param name="IssuedAt">When.</param>
public sealed record ApiKeyIssued(string KeyId, string Principal, string Role, IReadOnlyList<string> Scopes, DateTimeOffset? ExpiresAt, string SecretSha256, DateTimeOffset IssuedAt);

/// <summary>A key is valid no more.</summary>
/// <param name="KeyId">Id of the key.</param>
/// <param name="Principal">Whose key it was.</param>
/// <param name="Reason">Why.</param>
/// <param name="RevokedAt">When.</param>
public sealed record ApiKeyRevoked(string KeyId, string Principal, string Reason, DateTimeOffset RevokedAt);
