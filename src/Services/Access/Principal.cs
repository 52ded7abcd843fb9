using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Access;
using EventMl.EventStore;

namespace EventMl.Access;

/// <summary>The rights of a principal.</summary>
internal sealed record Rights(string Role, IReadOnlyList<string> Scopes, IReadOnlyList<string> BrokerUsers)
{
    public bool Same(Rights other) =>
        Role == other.Role && Scopes.SequenceEqual(other.Scopes, StringComparer.Ordinal) && BrokerUsers.SequenceEqual(other.BrokerUsers, StringComparer.Ordinal);
}

/// <summary>Somebody who may do something: a person, a program, a team.</summary>
internal sealed record Principal(Rights? Rights) : IAggregate<Principal>
{
    public static string Category => AccessStreams.Principal;

    public static Principal Initial { get; } = new(default(Rights));

    public Decision Grant(string name, Rights wanted, DateTimeOffset now) => Rights switch
    {
        null => Decision.Of(new PrincipalGranted(name, wanted.Role, wanted.Scopes, wanted.BrokerUsers, now)),
        var held when held.Same(wanted) => Decision.Nothing,
        _ => Decision.Of(new PrincipalChanged(name, wanted.Role, wanted.Scopes, wanted.BrokerUsers, now)),
    };

    public Decision Revoke(string name, string reason, DateTimeOffset now) => Rights is null
        ? Decision.Refuse(ErrorCodes.PrincipalNotFound, Unknown(name))
        : Decision.Of(new PrincipalRevoked(name, reason, now));

    public Principal Evolve(object @event) => @event switch
    {
        PrincipalGranted e => new Principal(new Rights(e.Role, e.Scopes, e.BrokerUsers)),
        PrincipalChanged e => new Principal(new Rights(e.Role, e.Scopes, e.BrokerUsers)),
        PrincipalRevoked => Initial,
        _ => this,
    };

    public static string Unknown(string? name) => $"There is no principal '{name}', or it was revoked; list the principals, or grant it a role first.";
}
