using EventMl.Bus;
using EventMl.Contracts.Access;
using EventMl.EventStore;
using Npgsql;

namespace EventMl.Access.Viewing;

/// <summary>What REST shows of a key; neither its secret nor the secret's hash.</summary>
internal sealed record ApiKeyRow(
    string Id, string Principal, string Status, string Role, IReadOnlyList<string> Scopes, DateTimeOffset IssuedAt, string? IssuedBy, DateTimeOffset? ExpiresAt,
    DateTimeOffset? RevokedAt, string? RevokedBy, string? Reason)
{
    /// <summary>The row as it reads at an instant: nothing happens in the ledger when a key expires.</summary>
    public ApiKeyRow At(DateTimeOffset now) => Status == ApiKeyView.Active && ExpiresAt <= now ? this with { Status = "expired" } : this;
}

internal sealed class ApiKeyView(NpgsqlDataSource dataSource) : View<ApiKeyRow>(dataSource, AccessModule.Schema, "api_key_view", AccessStreams.ApiKey)
{
    public const string Active = "active";

    public override ApiKeyRow? Apply(ApiKeyRow? row, StoredEvent @event) => @event.Data switch
    {
        ApiKeyIssued e => new(e.KeyId, e.Principal, Active, e.Role, e.Scopes, e.IssuedAt, @event.Header(BusHeaders.Actor), e.ExpiresAt, null, null, null),
        ApiKeyRevoked e => row! with { Status = "revoked", RevokedAt = e.RevokedAt, RevokedBy = @event.Header(BusHeaders.Actor), Reason = e.Reason },
        _ => row,
    };
}
