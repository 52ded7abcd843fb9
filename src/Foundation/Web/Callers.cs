using System.Diagnostics;
using EventMl.Bus;
using Microsoft.AspNetCore.Http;

namespace EventMl.Web;

/// <summary>Who calls, and under which identities.</summary>
public static class Callers
{
    /// <summary>Who makes the request, as the gate found out.</summary>
    /// <exception cref="InvalidOperationException">The address is open to all, so that nobody asked.</exception>
    public static KnownCaller GetCaller(this HttpContext context) =>
        context.Features.Get<KnownCaller>() ?? throw new InvalidOperationException($"Nobody asked who calls '{context.Request.Path}'; say what the address needs where it is mapped.");

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
        var caller = context.GetCaller();
        return new DoorCall
        {
            Actor = caller.Actor,
            Grant = caller.Grant,
            Door = Doors.Rest,
            IdempotencyKey = key.Length == 0 ? null : key,
            TraceParent = activity is { IdFormat: ActivityIdFormat.W3C } ? activity.Id : null,
        };
    }
}
