using EventMl.Contracts.Models;

namespace EventMl.Policy;

/// <summary>How each kind of rule comes out, in words; frozen with <see cref="Gate"/>.</summary>
internal static class GateRules
{
    public static RuleOutcome Judge(PromotionRule rule, GateInput facts)
    {
        var candidate = facts.Candidate.Evaluation;
        var name = Name(rule);
        if (!candidate.Metrics.TryGetValue(rule.Metric, out var text))
        {
            return new RuleOutcome(name, Passed: false, $"The evaluation has no metric '{rule.Metric}'; it has {Names(candidate)}.");
        }

        if (MetricSet.Parse(text) is not { } value)
        {
            return new RuleOutcome(name, Passed: false, $"{rule.Metric} is {text}, which is too large to compare.");
        }

        return rule.Bound switch
        {
            Bound.Min => value >= rule.Limit
                ? new RuleOutcome(name, Passed: true, $"{rule.Metric} is {text}, at least {Number(rule.Limit)}.")
                : new RuleOutcome(name, Passed: false, $"{rule.Metric} is {text}, below the minimum of {Number(rule.Limit)}."),
            Bound.Max => value <= rule.Limit
                ? new RuleOutcome(name, Passed: true, $"{rule.Metric} is {text}, at most {Number(rule.Limit)}.")
                : new RuleOutcome(name, Passed: false, $"{rule.Metric} is {text}, above the maximum of {Number(rule.Limit)}."),
            _ => AgainstChampion(rule, name, value, candidate, facts.Champion),
        };
    }

    private static RuleOutcome AgainstChampion(PromotionRule rule, string name, decimal value, JudgedEvaluation candidate, JudgedVersion? champion)
    {
        if (champion is null)
        {
            return new RuleOutcome(name, Passed: true, "Skipped: there is no champion to compare with.");
        }

        if (!champion.Evaluation.Metrics.TryGetValue(rule.Metric, out var text) || MetricSet.Parse(text) is not { } best)
        {
            return new RuleOutcome(name, Passed: false, $"The champion, version {champion.Version}, has no comparable metric '{rule.Metric}'; evaluate it again.");
        }

        var worseBy = rule.LowerIsBetter ? value - best : best - value;
        var passed = worseBy <= rule.Limit;
        var verdict = worseBy <= 0 ? "not worse" : $"worse by {Number(worseBy)}, {(passed ? "within" : "more than")} the allowed {Number(rule.Limit)}";
        return new RuleOutcome(name, passed, $"{rule.Metric} is {Number(value)}, the champion (version {champion.Version}) has {Number(best)}: {verdict}.{OtherData(candidate, champion.Evaluation)}");
    }

    private static string Name(PromotionRule rule) => rule.Bound switch
    {
        Bound.Min => $"{rule.Metric} >= {Number(rule.Limit)}",
        Bound.Max => $"{rule.Metric} <= {Number(rule.Limit)}",
        _ when rule.LowerIsBetter => $"{rule.Metric} <= champion + {Number(rule.Limit)}",
        _ => $"{rule.Metric} >= champion - {Number(rule.Limit)}",
    };

    private static string OtherData(JudgedEvaluation candidate, JudgedEvaluation champion) =>
        (candidate.Dataset, candidate.DatasetVersion) == (champion.Dataset, champion.DatasetVersion)
            ? ""
            : $" Measured on different data: {candidate.Dataset}@{candidate.DatasetVersion} and {champion.Dataset}@{champion.DatasetVersion}.";

    private static string Names(JudgedEvaluation evaluation) =>
        evaluation.Metrics.Count == 0 ? "none" : string.Join(", ", evaluation.Metrics.Keys.Order(StringComparer.Ordinal).Take(10));

    private static string Number(decimal value) => CanonicalJson.Number(value);
}
