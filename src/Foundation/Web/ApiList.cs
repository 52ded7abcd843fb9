using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EventMl.Web;

/// <summary>The addresses of this process, for people who look around.</summary>
internal static class ApiList
{
    public const string Path = "/api/v1";

    public static void Map(IEndpointRouteBuilder app) => app.MapGet(Path, (EndpointDataSource endpoints) => ApiResults.Ok(Of(endpoints))).ExcludeFromDescription().Open();

    private static Address[] Of(EndpointDataSource endpoints) =>
    [
        .. from endpoint in endpoints.Endpoints.OfType<RouteEndpoint>()
           let path = "/" + endpoint.RoutePattern.RawText?.Trim('/')
           from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["*"]
           orderby path, method
           select new Address(method, path),
    ];

    private sealed record Address(string Method, string Path);
}
