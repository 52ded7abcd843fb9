using System.Globalization;
using System.Text.Json;
using EventMl.Contracts;
using EventMl.EventStore;
using EventMl.Web;
using Microsoft.AspNetCore.Http;

namespace EventMl.Audit.Telling;

/// <summary>One event of a life; <c>data</c> is the event as the ledger holds it.</summary>
internal sealed record HistoryRow(
    long Position, DateTimeOffset At, string Stream, long Version, string Type, string? Actor, string? Source, string Summary, JsonElement Data);

/// <summary><c>GET /api/v1/audit/history?thing=…&amp;as_of=…</c></summary>
internal static class HistoryEndpoint
{
    /// <summary>Header with the position up to which the answer tells.</summary>
    private const string PositionHeader = "X-Ledger-Position";

    public static async Task<IResult> GetAsync(HttpContext context, HistoryReader reader, Ledger ledger, CancellationToken ct)
    {
        if (Thing.Parse(context.Request.Query["thing"]) is not { } thing)
        {
            return ApiResults.Error(ErrorCodes.InvalidRequest, Thing.Usage);
        }

        if (await PositionAsync(context.Request.Query["as_of"], ledger, ct) is not { } position)
        {
            return ApiResults.Error(ErrorCodes.InvalidRequest, "'as_of' must be a ledger position such as 120, or an instant such as 2026-03-01T12:00:00Z.");
        }

        var life = await reader.ReadAsync(thing, position, ct);
        context.Response.Headers[PositionHeader] = position.ToString(CultureInfo.InvariantCulture);
        return life.Count == 0 ? ApiResults.Refused(thing.NotFound) : ApiResults.Ok(life.Select(Row));
    }

    private static async Task<long?> PositionAsync(string? asOf, Ledger ledger, CancellationToken ct)
    {
        if (string.IsNullOrEmpty(asOf))
        {
            return await ledger.HeadAsync(ct);
        }

        if (long.TryParse(asOf, NumberStyles.None, CultureInfo.InvariantCulture, out var position))
        {
            return Math.Min(position, await ledger.HeadAsync(ct));
        }

        // In a query a plus sign stands for a space, also in an offset such as +02:00.
        return asOf.Contains('T', StringComparison.Ordinal)
            && DateTimeOffset.TryParse(asOf.Replace(' ', '+'), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant)
            ? await ledger.PositionAtAsync(instant, ct)
            : null;
    }

    private static HistoryRow Row(StoredEvent e) => new(
        e.Position!.Value, e.PositionedAt!.Value, e.StreamId, e.Version, e.Type, e.Header("actor"), e.Header("source"), Summary.Of(e), JsonSerializer.Deserialize<JsonElement>(e.Json));
}
