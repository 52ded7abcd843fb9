using EventMl.Contracts.Models;
using EventMl.EventStore;
using Npgsql;

namespace EventMl.Models.Viewing;

/// <summary>What REST shows of a promotion decision.</summary>
internal sealed record DecisionRow(
    string DecisionId, bool Allowed, IReadOnlyList<RuleOutcome> Rules, string Model, long Version, long? Champion,
    string EvaluatorVersion, string PolicySha256, DateTimeOffset DecidedAt)
{
    public static DecisionRow From(PromotionDecided e) =>
        new(e.DecisionId, e.Allowed, e.Rules, e.Model, e.Version, e.Champion, e.EvaluatorVersion, e.PolicySha256, e.DecidedAt);
}

internal sealed class DecisionView(NpgsqlDataSource dataSource)
    : View<DecisionRow>(dataSource, ModelsModule.Schema, "decision_view", ModelsModule.DecisionCategory)
{
    public override DecisionRow? Apply(DecisionRow? row, StoredEvent @event) =>
        @event.Data is PromotionDecided e ? DecisionRow.From(e) : row;
}
