using EventMl.Contracts;
using EventMl.Web;
using Microsoft.AspNetCore.Http.Features;

namespace EventMl.Host.Hosting;

/// <summary>One address for areas that run as processes of their own: passes each request on to the area its path names.</summary>
public sealed class Gateway(IReadOnlyDictionary<string, string> routes) : IDisposable
{
    // The first path segment below /api/v1 and the area that answers it.
    private static readonly Dictionary<string, string> _areas = new(StringComparer.Ordinal)
    {
        ["datasets"] = HostAreas.Datasets,
        ["ingestion-tasks"] = HostAreas.Datasets,
        ["tasks"] = HostAreas.Datasets,
        ["training-tasks"] = HostAreas.Training,
        ["models"] = HostAreas.Models,
        ["inference-services"] = HostAreas.Serving,
        ["audit"] = HostAreas.Audit,
        ["events"] = HostAreas.Audit,
        ["failures"] = HostAreas.Monitoring,
        ["access"] = HostAreas.Access,
    };

    // These belong to one connection and are never passed on (RFC 9110 §7.6.1).
    private static readonly HashSet<string> _hopByHop = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Host",
    };

    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        ConnectTimeout = TimeSpan.FromSeconds(5),
    });

    /// <summary>Takes every path below <c>/api/v1</c>; the worker behind it checks who may.</summary>
    public void Map(IEndpointRouteBuilder app) => app.Map("/api/v1/{resource}/{**rest}", (string resource, HttpContext http) => ForwardAsync(resource, http)).Open();

    /// <inheritdoc />
    public void Dispose() => _client.Dispose();

    private async Task ForwardAsync(string resource, HttpContext http)
    {
        if (!_areas.TryGetValue(resource, out var area))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (!routes.TryGetValue(area, out var address))
        {
            await ApiResults.Error(ErrorCodes.Unavailable, $"The gateway has no address for area '{area}'; start it with --route {area}=URL.").ExecuteAsync(http);
            return;
        }

        // The worker knows how much an address takes.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }

        using var request = Request(http, new Uri($"{address.TrimEnd('/')}{http.Request.Path}{http.Request.QueryString}"));
        try
        {
            using var response = await _client.SendAsync(request, http.RequestAborted);
            await AnswerAsync(http, response);
        }
        catch (HttpRequestException) when (!http.Response.HasStarted)
        {
            await ApiResults.Error(ErrorCodes.Unavailable, $"The worker of area '{area}' does not answer at {address}; try again in a few seconds.").ExecuteAsync(http);
        }
    }

    private static HttpRequestMessage Request(HttpContext http, Uri target)
    {
        var request = new HttpRequestMessage(new HttpMethod(http.Request.Method), target);
        if (http.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true })
        {
            request.Content = new StreamContent(http.Request.Body);
        }

        foreach (var (name, values) in http.Request.Headers.Where(h => !_hopByHop.Contains(h.Key)))
        {
            if (!request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            }
        }

        // The worker sees a connection over loopback; whatever came from elsewhere must not pass for local there.
        if (!http.IsLocal())
        {
            request.Headers.TryAddWithoutValidation(Locality.ForwardedFor, http.Connection.RemoteIpAddress?.ToString() ?? "unknown");
        }

        return request;
    }

    private static async Task AnswerAsync(HttpContext http, HttpResponseMessage response)
    {
        http.Response.StatusCode = (int)response.StatusCode;
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers).Where(h => !_hopByHop.Contains(h.Key)))
        {
            http.Response.Headers[name] = values.ToArray();
        }

        // Followed logs arrive bit by bit and are passed on as they come.
        await using var body = await response.Content.ReadAsStreamAsync(http.RequestAborted);
        var buffer = new byte[16 * 1024];
        while (await body.ReadAsync(buffer, http.RequestAborted) is > 0 and var count)
        {
            await http.Response.Body.WriteAsync(buffer.AsMemory(0, count), http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
        }
    }
}
