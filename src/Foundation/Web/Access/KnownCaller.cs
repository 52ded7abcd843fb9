using EventMl.Bus;

namespace EventMl.Web;

/// <summary>Who makes a request.</summary>
/// <param name="Actor">Name for the ledger: the principal's, or what an anonymous caller calls itself.</param>
/// <param name="Grant">What the caller may do.</param>
/// <param name="KeyId">The key it came with; null without one.</param>
/// <param name="KeyExpiresAt">When the key stops to be valid; null for never.</param>
public sealed record KnownCaller(string Actor, Grant Grant, string? KeyId, DateTimeOffset? KeyExpiresAt);
