using EventMl.Bus;
using EventMl.Contracts.Access;
using EventMl.EventStore;
using Npgsql;

namespace EventMl.Access.Viewing;

/// <summary>What REST shows of a principal.</summary>
internal sealed record PrincipalRow(
    string Principal, string Status, string Role, IReadOnlyList<string> Scopes, IReadOnlyList<string> BrokerUsers, DateTimeOffset GrantedAt, DateTimeOffset ChangedAt, string? ChangedBy, string? Reason);

internal sealed class PrincipalView(NpgsqlDataSource dataSource) : View<PrincipalRow>(dataSource, AccessModule.Schema, "principal_view", AccessStreams.Principal)
{
    public override PrincipalRow? Apply(PrincipalRow? row, StoredEvent @event) => @event.Data switch
    {
        PrincipalGranted e => new(e.Principal, "active", e.Role, e.Scopes, e.BrokerUsers, e.GrantedAt, e.GrantedAt, @event.Header(BusHeaders.Actor), null),
        PrincipalChanged e => row! with { Role = e.Role, Scopes = e.Scopes, BrokerUsers = e.BrokerUsers, ChangedAt = e.ChangedAt, ChangedBy = @event.Header(BusHeaders.Actor) },
        PrincipalRevoked e => row! with { Status = "revoked", BrokerUsers = [], ChangedAt = e.RevokedAt, ChangedBy = @event.Header(BusHeaders.Actor), Reason = e.Reason },
        _ => row,
    };
}
