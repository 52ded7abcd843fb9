using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using EventMl.Contracts;
using EventMl.EventStore;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EventMl.Web;

/// <summary>Gives every failure the shape of <see cref="ApiError"/>; details of defects go to the log only.</summary>
internal sealed partial class ApiErrors(RequestDelegate next, ILogger<ApiErrors> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (!context.Response.HasStarted && context.Response is { StatusCode: >= 400, ContentLength: null, ContentType: null } && Empty(context) is { } answer)
            {
                await WriteAsync(context, context.Response.StatusCode == StatusCodes.Status415UnsupportedMediaType ? StatusCodes.Status400BadRequest : context.Response.StatusCode, answer);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            // The edge of the process: nothing but our own shape may leave it.
            var (status, answer) = Explain(e, context);
            if (status == StatusCodes.Status503ServiceUnavailable)
            {
                context.Response.Headers.RetryAfter = "1";
            }

            await WriteAsync(context, status, answer);
        }
    }

    private static ApiError? Empty(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => ApiError.Of(ErrorCodes.NotFound, $"There is nothing at '{context.Request.Path}'; GET {ApiList.Path} lists the addresses."),
        StatusCodes.Status405MethodNotAllowed => ApiError.Of(ErrorCodes.MethodNotAllowed, $"'{context.Request.Path}' does not take {context.Request.Method}; it takes {context.Response.Headers.Allow}."),
        StatusCodes.Status415UnsupportedMediaType => ApiError.Of(ErrorCodes.InvalidRequest, WrongContentType),
        StatusCodes.Status413PayloadTooLarge => ApiError.Of(ErrorCodes.PayloadTooLarge, TooLarge),
        StatusCodes.Status401Unauthorized => ApiError.Of(ErrorCodes.Unauthenticated, "This address is not for everybody; say who you are."),
        StatusCodes.Status403Forbidden => ApiError.Of(ErrorCodes.Forbidden, "You may not do that; ask who runs the platform for the right to."),
        StatusCodes.Status429TooManyRequests => ApiError.Of(ErrorCodes.Overloaded, "More is asked for than can be done right now; slow down and try again."),
        StatusCodes.Status503ServiceUnavailable => ApiError.Of(ErrorCodes.Unavailable, Away),
        StatusCodes.Status400BadRequest => ApiError.Of(ErrorCodes.InvalidRequest, "The request cannot be read."),
        _ => null,
    };

    private const string Away = "A part of the platform cannot be reached right now; try again in a second.";
    private const string WrongContentType = "The body must be JSON; send the header 'Content-Type: application/json'.";
    private const string TooLarge = "The body is larger than this address takes; send less, or upload the data and send its path.";

    private (int Status, ApiError Answer) Explain(Exception e, HttpContext context)
    {
        switch (e)
        {
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return (StatusCodes.Status413PayloadTooLarge, ApiError.Of(ErrorCodes.PayloadTooLarge, TooLarge));
            case BadHttpRequestException bad:
                return (StatusCodes.Status400BadRequest, ApiError.Of(ErrorCodes.InvalidRequest, Describe(bad)));
            case JsonException json:
                return (StatusCodes.Status400BadRequest, ApiError.Of(ErrorCodes.InvalidRequest, Describe(json)));
            case NpgsqlException passing when Ledger.IsPassing(passing):
            case LedgerConflictException or TimeoutException or SocketException or RabbitMQ.Client.Exceptions.BrokerUnreachableException:
                log.LogWarning(e, "{Method} {Path} found a part of the platform away", context.Request.Method, context.Request.Path);
                return (StatusCodes.Status503ServiceUnavailable, ApiError.Of(ErrorCodes.Unavailable, Away));
            default:
                var trace = Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier;
                log.LogError(e, "{Method} {Path} failed (trace {Trace})", context.Request.Method, context.Request.Path, trace);
                return (StatusCodes.Status500InternalServerError, ApiError.Of(ErrorCodes.InternalError, $"The platform failed; its log has the details under trace {trace}."));
        }
    }

    private static string Describe(BadHttpRequestException e)
    {
        if (e.InnerException is JsonException json)
        {
            return Describe(json);
        }

        if (e.StatusCode == StatusCodes.Status415UnsupportedMediaType || e.Message.Contains("JSON content type", StringComparison.Ordinal))
        {
            return WrongContentType;
        }

        if (Parameter().Match(e.Message) is { Success: true } bound)
        {
            return bound.Groups["value"].Success
                ? $"The parameter '{Snake(bound.Groups["name"].Value)}' cannot be '{bound.Groups["value"].Value}'."
                : $"The parameter '{Snake(bound.Groups["name"].Value)}' is missing.";
        }

        return e.Message.Contains("body", StringComparison.Ordinal) && e.Message.Contains("provided", StringComparison.Ordinal)
            ? "The request needs a JSON body."
            : e.Message;
    }

    private static string Describe(JsonException e)
    {
        if (e.InnerException is JsonException || e.Path is null)
        {
            return $"The body is not valid JSON (line {(e.LineNumber ?? 0) + 1}, byte {e.BytePositionInLine ?? 0}).";
        }

        var field = e.Path.StartsWith("$.", StringComparison.Ordinal) ? e.Path[2..] : e.Path;
        return field == "$" ? "The body must be a JSON object with the documented fields." : $"The field '{field}' has a value of the wrong type.";
    }

    private static string Snake(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    private static Task WriteAsync(HttpContext context, int status, ApiError answer)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(answer, WebJson.Options, context.RequestAborted);
    }

    [GeneratedRegex("""parameter "\S+ (?<name>\w+)"( from "(?<value>[^"]{0,100})"| was not provided)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Parameter();
}
