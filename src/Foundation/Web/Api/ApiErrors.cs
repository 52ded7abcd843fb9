using System.Net.Sockets;
using EventMl.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EventMl.Web;

/// <summary>Turns everything that goes wrong into the error shape; no stack trace ever leaves.</summary>
public static class ApiErrors
{
    /// <summary>Adds the handling around everything that follows.</summary>
    public static void UseApiErrors(this IApplicationBuilder app)
    {
        var log = (ILogger)app.ApplicationServices.GetService(typeof(ILogger<ApiError>))!;
        app.Use(async (http, next) =>
        {
            try
            {
                await next(http);
            }
            catch (Exception e) when (!http.Response.HasStarted)
            {
                if (e is OperationCanceledException && http.RequestAborted.IsCancellationRequested)
                {
                    return;
                }

                await ApiResults.Refused(Describe(e, http, log)).ExecuteAsync(http);
                return;
            }

            if (http.Response is { HasStarted: false, ContentLength: null, ContentType: null, StatusCode: >= 400 })
            {
                await DescribeStatusAsync(http);
            }
        });
    }

    private static Refusal Describe(Exception e, HttpContext http, ILogger log)
    {
        switch (e)
        {
            case RefusedRequestException refused:
                return refused.Refusal;
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return new Refusal(ErrorCodes.PayloadTooLarge, "The body is larger than allowed; put large data into a dataset and name it.");
            case BadHttpRequestException bad:
                return new Refusal(ErrorCodes.InvalidRequest, bad.Message);
            case NpgsqlException { IsTransient: true } or NpgsqlException { InnerException: SocketException or IOException or TimeoutException } or TimeoutException:
                log.LogWarning("{Method} {Path}: the database does not answer: {Reason}", http.Request.Method, http.Request.Path, e.Message);
                return new Refusal(ErrorCodes.Unavailable, "The database does not answer right now; nothing was changed, try again in a few seconds.");
            default:
                log.LogError(e, "{Method} {Path} failed; trace {TraceId}", http.Request.Method, http.Request.Path, http.TraceIdentifier);
                return new Refusal(ErrorCodes.InternalError, $"This should not have happened; the log has the details under trace {http.TraceIdentifier}.");
        }
    }

    private static Task DescribeStatusAsync(HttpContext http)
    {
        var (code, message) = http.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => (ErrorCodes.NotFound, $"There is nothing at {http.Request.Path}; the API is below /api/v1."),
            StatusCodes.Status405MethodNotAllowed => (ErrorCodes.InvalidRequest, $"{http.Request.Method} is not possible on {http.Request.Path}."),
            StatusCodes.Status413PayloadTooLarge => (ErrorCodes.PayloadTooLarge, "The body is larger than allowed."),
            < 500 => (ErrorCodes.InvalidRequest, "The request is not valid."),
            _ => (ErrorCodes.InternalError, "This should not have happened; see the log."),
        };
        return http.Response.WriteAsJsonAsync(new ApiError(new Refusal(code, message)), WebJson.Options);
    }
}
