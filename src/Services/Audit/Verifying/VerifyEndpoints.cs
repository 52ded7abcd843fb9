using System.Net.Mime;
using EventMl.Contracts;
using EventMl.EventStore.Proof;
using EventMl.Web;
using Microsoft.AspNetCore.Http;

namespace EventMl.Audit.Verifying;

/// <summary><c>GET /api/v1/audit/verify</c>, <c>…/export</c> and <c>…/events/{position}/proof</c></summary>
internal static class VerifyEndpoints
{
    public static async Task<IResult> VerifyAsync(ProofReader reader, CancellationToken ct) =>
        await AnswerAsync(async () => ApiResults.Ok(await reader.VerifyAsync(ct)));

    public static async Task<IResult> ExportAsync(ProofReader reader, CancellationToken ct) =>
        await AnswerAsync(async () => Results.File(await reader.ExportAsync(ct), MediaTypeNames.Application.Zip, "ledger.zip"));

    public static async Task<IResult> ProveAsync(long position, ProofReader reader, CancellationToken ct) =>
        await AnswerAsync(async () => await reader.ProveAsync(position, ct) is { } proof
            ? Results.Text(proof.ToJson(), MediaTypeNames.Application.Json)
            : ApiResults.Error(ErrorCodes.NotFound, $"No anchor covers position {position} yet; ask again in a minute, or see the range that eventml audit verify states."));

    private static async Task<IResult> AnswerAsync(Func<Task<IResult>> answer)
    {
        try
        {
            return await answer();
        }
        catch (LedgerKeyException e)
        {
            return ApiResults.Error(ErrorCodes.Unavailable, e.Message);
        }
        catch (ProofBrokenException e)
        {
            return ApiResults.Error(ErrorCodes.InternalError, e.Message);
        }
    }
}
