using System.Diagnostics;
using System.Text.Json;
using EventMl.Bus;
using EventMl.Contracts;
using Microsoft.AspNetCore.Http;

namespace EventMl.Web;

/// <summary>The request cannot be answered as it is; becomes the error shape.</summary>
public sealed class RefusedRequestException(Refusal refusal, Exception? inner = null) : Exception(refusal.Message, inner)
{
    /// <summary>Why.</summary>
    public Refusal Refusal => refusal;
}

/// <summary>What doors read from a request.</summary>
public static class HttpRequests
{
    private const int MaxIdempotencyKey = 255;

    /// <summary>Who calls: <c>anonymous</c>, which is allowed on loopback only.</summary>
    public static string GetActor(this HttpContext http) => http.User.Identity is { IsAuthenticated: true, Name: { } name } ? name : "anonymous";

    /// <summary>The call as the command door takes it.</summary>
    /// <exception cref="RefusedRequestException">The Idempotency-Key is too long.</exception>
    public static DoorCall DoorCall(this HttpContext http)
    {
        var key = http.Request.Headers["Idempotency-Key"].ToString();
        if (key.Length > MaxIdempotencyKey)
        {
            throw new RefusedRequestException(new Refusal(ErrorCodes.InvalidRequest, $"The Idempotency-Key has {key.Length} characters; at most {MaxIdempotencyKey} are allowed."));
        }

        return new DoorCall
        {
            Actor = http.GetActor(),
            Door = Doors.Rest,
            IdempotencyKey = key.Length == 0 ? null : key,
            TraceParent = Activity.Current?.Id,
        };
    }

    /// <summary>The body as JSON of <typeparamref name="T"/>.</summary>
    /// <exception cref="RefusedRequestException">Missing, not JSON, or of other types; the message names the field.</exception>
    public static async Task<T> ReadBodyAsync<T>(this HttpContext http)
        where T : class
    {
        if (!http.Request.HasJsonContentType())
        {
            throw Invalid($"The content type is '{http.Request.ContentType}'; send JSON with content type application/json.");
        }

        try
        {
            return await JsonSerializer.DeserializeAsync<T>(http.Request.Body, WebJson.Options, http.RequestAborted) ?? throw Invalid("The body is null; send a JSON object.");
        }
        catch (JsonException e)
        {
            var where = string.IsNullOrEmpty(e.Path) || e.Path == "$" ? "The body" : $"'{e.Path.TrimStart('$', '.')}'";
            throw Invalid($"{where} is not valid: {Reason(e)}", e);
        }
    }

    private static string Reason(JsonException e)
    {
        // The serializer names CLR types and appends its position; neither helps the caller.
        var message = e.Message;
        return message.StartsWith("The JSON value could not be converted", StringComparison.Ordinal)
            ? "the value has the wrong type."
            : message.Split(" Path:")[0].Split(" LineNumber:")[0];
    }

    private static RefusedRequestException Invalid(string message, Exception? inner = null) => new(new Refusal(ErrorCodes.InvalidRequest, message), inner);
}
