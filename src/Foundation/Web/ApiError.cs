using System.Collections.Frozen;
using EventMl.Contracts;
using Microsoft.AspNetCore.Http;

namespace EventMl.Web;

/// <summary>Body of every answer that is not a success: <c>{"error":{"code","message"}}</c>.</summary>
public sealed record ApiError(ApiErrorDetail Error)
{
    /// <summary>The body for a code of <see cref="ErrorCodes"/> and a sentence that says what to do next.</summary>
    public static ApiError Of(string code, string message) => new(new ApiErrorDetail(code, message));
}

/// <summary>What is wrong.</summary>
public sealed record ApiErrorDetail(string Code, string Message);

/// <summary>Answers of the REST doors.</summary>
public static class ApiResults
{
    private static readonly FrozenDictionary<string, int> Statuses = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        [ErrorCodes.InvalidRequest] = StatusCodes.Status400BadRequest,
        [ErrorCodes.DatasetNotFound] = StatusCodes.Status404NotFound,
        [ErrorCodes.ModelNotFound] = StatusCodes.Status404NotFound,
        [ErrorCodes.TaskNotFound] = StatusCodes.Status404NotFound,
        [ErrorCodes.ServiceNotFound] = StatusCodes.Status404NotFound,
        [ErrorCodes.DecisionNotFound] = StatusCodes.Status404NotFound,
        [ErrorCodes.FailureNotFound] = StatusCodes.Status404NotFound,
        [ErrorCodes.PrincipalNotFound] = StatusCodes.Status404NotFound,
        [ErrorCodes.KeyNotFound] = StatusCodes.Status404NotFound,
        [ErrorCodes.PipelineNotFound] = StatusCodes.Status404NotFound,
        [ErrorCodes.NotFound] = StatusCodes.Status404NotFound,
        [ErrorCodes.MethodNotAllowed] = StatusCodes.Status405MethodNotAllowed,
        [ErrorCodes.Unauthenticated] = StatusCodes.Status401Unauthorized,
        [ErrorCodes.Forbidden] = StatusCodes.Status403Forbidden,
        [ErrorCodes.Overloaded] = StatusCodes.Status429TooManyRequests,
        [ErrorCodes.TaskAlreadyRunning] = StatusCodes.Status409Conflict,
        [ErrorCodes.TaskNotRunning] = StatusCodes.Status409Conflict,
        [ErrorCodes.ServiceAlreadyExists] = StatusCodes.Status409Conflict,
        [ErrorCodes.DatasetInUse] = StatusCodes.Status409Conflict,
        [ErrorCodes.DatasetConflict] = StatusCodes.Status409Conflict,
        [ErrorCodes.ModelInUse] = StatusCodes.Status409Conflict,
        [ErrorCodes.FailureNotOpen] = StatusCodes.Status409Conflict,
        [ErrorCodes.KeyAlreadyIssued] = StatusCodes.Status409Conflict,
        [ErrorCodes.BrokerUserTaken] = StatusCodes.Status409Conflict,
        [ErrorCodes.PayloadTooLarge] = StatusCodes.Status413PayloadTooLarge,
        [ErrorCodes.Unavailable] = StatusCodes.Status503ServiceUnavailable,
        [ErrorCodes.InternalError] = StatusCodes.Status500InternalServerError,
        // Reasons of failed tasks; as an answer they mean that the task's state stands against the request.
        [ErrorCodes.TaskCancelled] = StatusCodes.Status409Conflict,
        [ErrorCodes.TaskTimedOut] = StatusCodes.Status409Conflict,
        [ErrorCodes.ScriptFailed] = StatusCodes.Status409Conflict,
        [ErrorCodes.ScriptCrashed] = StatusCodes.Status409Conflict,
        [ErrorCodes.TaskLimitExceeded] = StatusCodes.Status409Conflict,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>HTTP status of a code; 500 for one that is not known.</summary>
    public static int StatusOf(string code) => Statuses.GetValueOrDefault(code, StatusCodes.Status500InternalServerError);

    /// <summary>Answers a refused command.</summary>
    public static IResult Refused(Refusal refusal) => Error(refusal.Code, refusal.Message);

    /// <summary>Answers with a code of <see cref="ErrorCodes"/>.</summary>
    public static IResult Error(string code, string message) =>
        Results.Json(ApiError.Of(code, message), WebJson.Options, statusCode: StatusOf(code));

    /// <summary>Answers 200 with a body.</summary>
    public static IResult Ok(object value) => Results.Json(value, WebJson.Options);

    /// <summary>Answers 200 with a body and its version as ETag; 304 when the caller has that version.</summary>
    public static IResult Versioned(HttpContext context, long version, object value)
    {
        var tag = $"\"{version}\"";
        context.Response.Headers.ETag = tag;
        return context.Request.Headers.IfNoneMatch.Contains(tag) ? Results.StatusCode(StatusCodes.Status304NotModified) : Ok(value);
    }

    /// <summary>Answers 201 with a body and where to find the thing.</summary>
    public static IResult Created(string location, object value) => new CreatedAt(location, value);

    private sealed class CreatedAt(string location, object value) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status201Created;
            httpContext.Response.Headers.Location = location;
            return httpContext.Response.WriteAsJsonAsync(value, value.GetType(), WebJson.Options, httpContext.RequestAborted);
        }
    }
}
