using System.Net;
using Microsoft.AspNetCore.Http;

namespace EventMl.Web;

/// <summary>Whether a request was made on this machine.</summary>
public static class Locality
{
    /// <summary>What a proxy adds; the gateway does so for requests from other machines.</summary>
    public const string ForwardedFor = "X-Forwarded-For";

    private static readonly string[] _forwarded = [ForwardedFor, "Forwarded", "X-Forwarded-Host", "X-Real-IP", "Via"];

    /// <summary>True for a connection over loopback that no proxy passed on and whose host is this machine: a web page that gives its own name this machine's address is not local.</summary>
    public static bool IsLocal(this HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        // Without an address the server is an in-process one.
        return (context.Connection.RemoteIpAddress is not { } address || IPAddress.IsLoopback(address))
            && !_forwarded.Any(context.Request.Headers.ContainsKey)
            && IsThisMachine(context.Request.Host.Host);
    }

    /// <summary>Whether an address to listen on can be reached from this machine only.</summary>
    public static bool IsLoopback(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address) && IsThisMachine(address.Host);

    private static bool IsThisMachine(string host) =>
        host.Length == 0 || host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
}
