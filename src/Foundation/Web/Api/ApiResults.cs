using EventMl.Contracts;
using EventMl.EventStore;
using Microsoft.AspNetCore.Http;

namespace EventMl.Web;

/// <summary>The answers of REST.</summary>
public static class ApiResults
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1000;

    /// <summary>200 with a body.</summary>
    public static IResult Ok<T>(T body) => Results.Json(body, WebJson.Options);

    /// <summary>200 with a body and the version of its view row as ETag; 304 when the caller has it.</summary>
    public static IResult Versioned<T>(HttpContext http, long version, T body)
    {
        var tag = $"\"{version}\"";
        http.Response.Headers.ETag = tag;
        return http.Request.Headers.IfNoneMatch.Contains(tag) ? Results.StatusCode(StatusCodes.Status304NotModified) : Ok(body);
    }

    /// <summary>201 with a body and its address below the request's.</summary>
    public static IResult Created<T>(HttpContext http, string id, T body)
    {
        http.Response.Headers.Location = $"{http.Request.PathBase}{http.Request.Path}/{id}";
        return Results.Json(body, WebJson.Options, statusCode: StatusCodes.Status201Created);
    }

    /// <summary>The error shape, with the status of the refusal's code.</summary>
    public static IResult Refused(Refusal refusal) =>
        Results.Json(new ApiError(refusal), WebJson.Options, statusCode: ApiStatus.Of(refusal.Code));

    /// <summary>A bare array of at most <c>limit</c> rows (1 to 1,000, 100 when absent); the next page's token is in <c>X-Next-Page-Token</c> and <c>Link</c>.</summary>
    public static async Task<IResult> ListAsync<TRow, TBody>(
        HttpContext http, Func<int, string?, CancellationToken, Task<(IReadOnlyList<ViewRow<TRow>> Rows, string? Next)>> list, Func<ViewRow<TRow>, TBody> show)
        where TRow : class
    {
        var limit = DefaultLimit;
        if (http.Request.Query["limit"] is [{ } text] && (!int.TryParse(text, out limit) || limit is < 1 or > MaxLimit))
        {
            return Refused(new Refusal(ErrorCodes.InvalidRequest, $"'limit' must be a number from 1 to {MaxLimit}."));
        }

        try
        {
            var (rows, next) = await list(limit, http.Request.Query["page_token"], http.RequestAborted);
            if (next is not null)
            {
                http.Response.Headers["X-Next-Page-Token"] = next;
                http.Response.Headers.Link = $"<{http.Request.PathBase}{http.Request.Path}?limit={limit}&page_token={next}>; rel=\"next\"";
            }

            return Ok(rows.Select(show).ToArray());
        }
        catch (FormatException e)
        {
            return Refused(new Refusal(ErrorCodes.InvalidRequest, e.Message));
        }
    }
}

/// <summary>The body of every error: <c>{"error":{"code","message"}}</c>.</summary>
public sealed record ApiError(Refusal Error);
