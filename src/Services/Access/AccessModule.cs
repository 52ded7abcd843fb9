using EventMl.Access.Granting;
using EventMl.Access.Issuing;
using EventMl.Access.Revoking;
using EventMl.Access.Viewing;
using EventMl.Bus;
using EventMl.Contracts.Access;
using EventMl.EventStore;
using EventMl.Web;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace EventMl.Access;

/// <summary>The access area: principals, their roles and their keys. Every process knows them by following the ledger.</summary>
public static class AccessModule
{
    /// <summary>Name of the area and of its schema.</summary>
    public const string Schema = AccessStreams.Area;

    /// <summary>Names taken by accounts on the broker.</summary>
    internal const string BrokerUsers = "broker_user";

    /// <summary>Categories that only this area appends to.</summary>
    public static CategoryOwner Owner { get; } = new(
        Schema, AccessStreams.Principal, $"{AccessStreams.Principal}_refusal", AccessStreams.ApiKey, $"{AccessStreams.ApiKey}_refusal", AccessStreams.Denial);

    /// <summary>The area's commands on the bus.</summary>
    public static void AddAccessCommands(this BusRegistrations bus) => bus
        .AddCommand<GrantPrincipal, GrantPrincipalHandler>(Schema, Role.Admin, AccessStreams.Principal)
        .AddCommand<RevokePrincipal, RevokePrincipalHandler>(Schema, Role.Admin, AccessStreams.Principal)
        .AddCommand<IssueApiKey, IssueApiKeyHandler>(Schema, Role.Admin, AccessStreams.ApiKey)
        .AddCommand<RevokeApiKey, RevokeApiKeyHandler>(Schema, Role.Admin, AccessStreams.ApiKey);

    /// <summary>The area's views.</summary>
    public static IServiceCollection AddAccess(this IServiceCollection services) => services
        .AddView<PrincipalView, PrincipalRow>()
        .AddView<ApiKeyView, ApiKeyRow>();

    /// <summary>The area's REST.</summary>
    public static void MapAccess(this IEndpointRouteBuilder api) => api.InArea(Schema).MapAccessResources();
}
