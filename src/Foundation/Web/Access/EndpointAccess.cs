using EventMl.Bus;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EventMl.Web;

/// <summary>What an address needs of its caller, said where it is mapped.</summary>
public static class EndpointAccess
{
    /// <summary>The least role that may call it, in the area it is mapped in.</summary>
    public static TBuilder Needs<TBuilder>(this TBuilder builder, Role role)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RoleNeeded(role, AnyArea: false));

    /// <summary>Any caller with a role may call it, whatever its scopes.</summary>
    public static TBuilder NeedsAnyRole<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RoleNeeded(Role.Viewer, AnyArea: true));

    /// <summary>Everybody may call it, also those whom nobody knows: it tells nothing that is not for all, or somebody else checks.</summary>
    public static TBuilder Open<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new OpenToAll());

    /// <summary>The addresses of an area; what is mapped on the result belongs to it.</summary>
    public static IEndpointRouteBuilder InArea(this IEndpointRouteBuilder api, string area) => api.MapGroup("").WithMetadata(new EndpointArea(area));

    /// <summary>Whether everybody may call it.</summary>
    public static bool IsOpen(this Endpoint endpoint) => endpoint.Metadata.GetMetadata<OpenToAll>() is not null;

    /// <summary>What it needs; null when nobody said so.</summary>
    public static AccessRule? Rule(this Endpoint endpoint) => endpoint.Metadata.GetMetadata<RoleNeeded>() switch
    {
        null => null,
        { AnyArea: true } any => new AccessRule(any.Role, null),
        var needed => endpoint.Metadata.GetMetadata<EndpointArea>() is { } area ? new AccessRule(needed.Role, area.Area) : null,
    };

    private sealed record RoleNeeded(Role Role, bool AnyArea);

    private sealed record EndpointArea(string Area);

    private sealed record OpenToAll;
}
