using EventMl.Contracts;
using EventMl.Contracts.Models;
using EventMl.EventStore;
using EventMl.Policy;
using EventMl.Web;
using Microsoft.AspNetCore.Http;

namespace EventMl.Audit.Replaying;

/// <summary>A decision made again from its own record; <c>recorded</c> and <c>replayed</c> are the canonical texts that were compared.</summary>
internal sealed record ReplayAnswer(
    string DecisionId, DateTimeOffset DecidedAt, string Model, long Version, string EvaluatorVersion, string PolicySha256, bool Identical, string? Difference,
    string Recorded, string? Replayed, IReadOnlyList<RuleOutcome> Rules);

/// <summary><c>GET /api/v1/audit/decisions/{id}/replay</c></summary>
internal static class ReplayEndpoint
{
    public static async Task<IResult> GetAsync(string id, Ledger ledger, CancellationToken ct)
    {
        var decision = (await ledger.ReadStreamAsync($"decision-{id}", 1, ct)).Select(e => e.Data).OfType<PromotionDecided>().FirstOrDefault();
        if (decision is null)
        {
            return ApiResults.Error(ErrorCodes.DecisionNotFound, $"The ledger has no decision '{id}'; a model's history names its decisions.");
        }

        var replay = Gate.Replay(decision);
        return ApiResults.Ok(new ReplayAnswer(
            decision.DecisionId, decision.DecidedAt, decision.Model, decision.Version, decision.EvaluatorVersion, decision.PolicySha256,
            replay.Identical, replay.Difference, replay.Recorded, replay.Replayed, replay.Rules));
    }
}
