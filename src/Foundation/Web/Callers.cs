using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using EventMl.Bus;
using Microsoft.AspNetCore.Http;

namespace EventMl.Web;

/// <summary>Who calls, and under which identities.</summary>
public static partial class Callers
{
    /// <summary>The principal of a request: on loopback what the header <c>Actor</c> says, else <c>anonymous</c>.</summary>
    /// <exception cref="NotAuthenticatedException">The request came from another machine.</exception>
    /// <exception cref="BadHttpRequestException">The header holds no name, or one that only the platform may use.</exception>
    public static string GetActor(this HttpContext context)
    {
        // Without an address the server is an in-process one.
        if (context.Connection.RemoteIpAddress is { } address && !IPAddress.IsLoopback(address))
        {
            throw new NotAuthenticatedException();
        }

        var actor = context.Request.Headers["Actor"].ToString();
        return actor.Length == 0 ? "anonymous"
            : Name().IsMatch(actor) ? actor
            : throw new BadHttpRequestException("The header 'Actor' may hold a name of letters, digits, '.', '_', '@' and '-', at most 100.");
    }

    /// <summary>The call a request makes at a command door.</summary>
    /// <exception cref="BadHttpRequestException">A header is not allowed.</exception>
    public static DoorCall GetDoorCall(this HttpContext context)
    {
        var key = context.Request.Headers["Idempotency-Key"].ToString();
        if (key.Length > 200)
        {
            throw new BadHttpRequestException("The header 'Idempotency-Key' may hold at most 200 characters.");
        }

        var activity = Activity.Current;
        return new DoorCall
        {
            Actor = context.GetActor(),
            Door = Doors.Rest,
            IdempotencyKey = key.Length == 0 ? null : key,
            TraceParent = activity is { IdFormat: ActivityIdFormat.W3C } ? activity.Id : null,
        };
    }

    [GeneratedRegex(@"^[\p{L}\p{Nd}._@-]{1,100}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Name();
}
