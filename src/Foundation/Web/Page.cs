using System.Globalization;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.WebUtilities;

namespace EventMl.Web;

/// <summary>Which part of a list is asked for; an endpoint takes it as a parameter and it binds itself from <c>limit</c> (1..1000, default 100) and <c>page_token</c>.</summary>
/// <param name="Limit">Most items to return.</param>
/// <param name="Token">Opaque cursor of an earlier answer; null for the first page.</param>
public sealed record Page(int Limit, string? Token)
{
    private const int Most = 1000;
    private const int Usual = 100;

    /// <summary>Reads the query.</summary>
    /// <exception cref="BadHttpRequestException">A value is not allowed.</exception>
    public static ValueTask<Page> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        var limit = context.Request.Query["limit"].ToString();
        var token = context.Request.Query["page_token"].ToString();
        var count = Usual;
        if (limit.Length > 0 && !(int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out count) && count is >= 1 and <= Most))
        {
            throw new BadHttpRequestException($"The parameter 'limit' must be a whole number from 1 to {Most}.");
        }

        return ValueTask.FromResult(new Page(count, token.Length == 0 ? null : token));
    }

    /// <summary>Answers with a bare array; <c>Link: rel="next"</c> and <c>X-Next-Page-Token</c> tell where it goes on.</summary>
    /// <param name="read">Reads at most the given number of items after the cursor; gives the next cursor, null at the end.</param>
    /// <exception cref="BadHttpRequestException">The cursor is not one of this list.</exception>
    public async Task<IResult> AnswerAsync<T>(Func<int, string?, Task<(IReadOnlyList<T> Items, string? Next)>> read)
    {
        try
        {
            var (items, next) = await read(Limit, Token);
            return new Answer<T>(items, next);
        }
        catch (FormatException e)
        {
            throw new BadHttpRequestException("The parameter 'page_token' is not one that this list returned; start again without it.", e);
        }
    }

    private sealed class Answer<T>(IReadOnlyList<T> items, string? next) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            if (next is not null)
            {
                var query = QueryHelpers.ParseQuery(httpContext.Request.QueryString.Value);
                query["page_token"] = next;
                var link = QueryHelpers.AddQueryString(UriHelper.BuildRelative(httpContext.Request.PathBase, httpContext.Request.Path), query);
                httpContext.Response.Headers.Link = $"<{link}>; rel=\"next\"";
                httpContext.Response.Headers["X-Next-Page-Token"] = next;
            }

            return httpContext.Response.WriteAsJsonAsync(items, WebJson.Options, httpContext.RequestAborted);
        }
    }
}
