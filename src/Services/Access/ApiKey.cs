using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Access;
using EventMl.EventStore;

namespace EventMl.Access;

/// <summary>One key of a principal, without its secret.</summary>
internal sealed record ApiKey(ApiKeyIssued? Issued, bool Revoked) : IAggregate<ApiKey>
{
    public static string Category => AccessStreams.ApiKey;

    public static ApiKey Initial { get; } = new(null, false);

    public Decision Issue(ApiKeyIssued wanted) => Issued switch
    {
        null => Decision.Of(wanted),
        var held when !Revoked && held.SecretSha256 == wanted.SecretSha256 && held.Principal == wanted.Principal => Decision.Nothing,
        _ => Decision.Refuse(ErrorCodes.KeyAlreadyIssued, $"The key '{wanted.KeyId}' was issued before and its secret was shown then, once; issue another one, and revoke this one if the secret is lost."),
    };

    public Decision Revoke(string keyId, string reason, DateTimeOffset now) => this switch
    {
        { Issued: null } => Decision.Refuse(ErrorCodes.KeyNotFound, $"There is no key '{keyId}'; list the keys to find its id."),
        { Revoked: true } => Decision.Nothing,
        _ => Decision.Of(new ApiKeyRevoked(keyId, Issued.Principal, reason, now)),
    };

    public ApiKey Evolve(object @event) => @event switch
    {
        ApiKeyIssued e => new ApiKey(e, false),
        ApiKeyRevoked => this with { Revoked = true },
        _ => this,
    };
}
