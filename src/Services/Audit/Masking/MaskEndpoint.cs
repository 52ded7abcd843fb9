using EventMl.Contracts;
using EventMl.EventStore;
using EventMl.EventStore.Proof;
using EventMl.Web;
using Microsoft.AspNetCore.Http;

namespace EventMl.Audit.Masking;

/// <summary>What is to be masked and why.</summary>
internal sealed record MaskBody(IReadOnlyList<string>? Members, string? Reason);

/// <summary><c>POST /api/v1/audit/events/{position}/mask</c></summary>
internal static class MaskEndpoint
{
    public static async Task<IResult> PostAsync(HttpContext context, long position, MaskBody body, Ledger ledger, CancellationToken ct)
    {
        var call = context.GetDoorCall();
        var id = Ids.New().ToString();
        var metadata = new EventMetadata(call.Actor, call.Door, id, id, call.TraceParent);
        var result = await LedgerMasking.MaskAsync(ledger, position, body.Members ?? [], body.Reason ?? "", metadata, ct);
        return result.Masked is { } masked ? ApiResults.Ok(masked) : ApiResults.Refused(result.Refusal!);
    }
}
