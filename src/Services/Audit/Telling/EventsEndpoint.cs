using System.Globalization;
using System.Text;
using System.Text.Json;
using EventMl.EventStore;
using EventMl.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace EventMl.Audit.Telling;

/// <summary><c>GET /api/v1/events?from_position=…&amp;category=…&amp;stream=…&amp;type=…</c>: the ledger as server-sent events, from the past into the future.</summary>
internal static class EventsEndpoint
{
    /// <summary>Proxies and clients give up on a connection that says nothing for long.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(10);

    public static async Task FollowAsync(HttpContext context, Ledger ledger, IHostApplicationLifetime host)
    {
        var after = await AfterAsync(context.Request, ledger, context.RequestAborted);
        var wanted = Filter(context.Request.Query);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, host.ApplicationStopping);
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache";
        try
        {
            await context.Response.Body.FlushAsync(over.Token);
            await foreach (var events in ledger.FollowAsync(after, LongestSilence, over.Token))
            {
                after = events.Count > 0 ? events[^1].Position!.Value : after;
                var text = new StringBuilder();
                foreach (var e in events.Where(wanted))
                {
                    text.Append(CultureInfo.InvariantCulture, $"id: {e.Position}\nevent: {e.Type}\ndata: {JsonSerializer.Serialize(HistoryRow.From(e), WebJson.Options)}\n\n");
                }

                // An id alone tells a client where to go on after events that it did not want.
                await context.Response.WriteAsync(text.Length > 0 ? text.ToString() : string.Create(CultureInfo.InvariantCulture, $"id: {after}\n\n"), over.Token);
                await context.Response.Body.FlushAsync(over.Token);
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The client has gone, or this host is going; it asks again with Last-Event-ID.
        }
    }

    /// <summary>The position after which to begin: that of a connection that broke, else the one before <c>from_position</c>, else the present.</summary>
    private static async Task<long> AfterAsync(HttpRequest request, Ledger ledger, CancellationToken cancellationToken)
    {
        var (last, from) = (request.Headers["Last-Event-ID"].ToString(), request.Query["from_position"].ToString());
        return last.Length > 0 ? Position(last, "The header 'Last-Event-ID'")
            : from.Length > 0 ? Math.Max(0, Position(from, "'from_position'") - 1)
            : await ledger.HeadAsync(cancellationToken);
    }

    private static long Position(string text, string name) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var position)
            ? position
            : throw new BadHttpRequestException($"{name} must be a ledger position, a whole number such as 120.");

    private static Func<StoredEvent, bool> Filter(IQueryCollection query)
    {
        var (category, stream, type) = (query["category"].ToString(), query["stream"].ToString(), query["type"].ToString());
        return e => (category.Length == 0 || e.StreamId.StartsWith(category + "-", StringComparison.Ordinal))
            && (stream.Length == 0 || e.StreamId == stream)
            && (type.Length == 0 || e.Type == type);
    }
}
