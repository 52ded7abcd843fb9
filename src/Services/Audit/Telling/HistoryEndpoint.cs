using System.Globalization;
using EventMl.Contracts;
using EventMl.EventStore;
using EventMl.Web;
using Microsoft.AspNetCore.Http;

namespace EventMl.Audit.Telling;

/// <summary><c>GET /api/v1/audit/history?thing=…&amp;as_of=…</c></summary>
internal static class HistoryEndpoint
{
    public static async Task<IResult> GetAsync(HttpContext context, AsOf asOf, HistoryReader reader, Ledger ledger, CancellationToken ct)
    {
        if (Thing.Parse(context.Request.Query["thing"]) is not { } thing)
        {
            return ApiResults.Error(ErrorCodes.InvalidRequest, Thing.Usage);
        }

        var position = asOf.Position ?? await ledger.HeadAsync(ct);
        var life = await reader.ReadAsync(thing, position, ct);
        context.Response.Headers[AsOf.PositionHeader] = position.ToString(CultureInfo.InvariantCulture);
        return life.Count == 0 ? ApiResults.Refused(thing.NotFound) : ApiResults.Ok(life.Select(HistoryRow.From));
    }
}
