using EventMl.Contracts;
using EventMl.Contracts.Models;
using EventMl.Policy;

namespace EventMl.Models.Promoting;

/// <summary>What a wish to promote came to: a judgement with its consequence, nothing (already champion), or a refusal to judge.</summary>
/// <param name="Decided">The decision, for its own stream.</param>
/// <param name="Consequence"><see cref="ModelPromoted"/> or <see cref="PromotionRefused"/>, for the model's stream.</param>
/// <param name="Refusal">Why nothing could be judged.</param>
internal sealed record Judgement(PromotionDecided? Decided, object? Consequence, Refusal? Refusal)
{
    public static Judgement Nothing { get; } = new(null, null, null);
}

/// <summary>Judges a candidate by the gate; pure.</summary>
internal static class Promotion
{
    /// <exception cref="PolicyException">The policy is malformed.</exception>
    public static Judgement Judge(Model model, string name, long? version, string policy, string decisionId, DateTimeOffset now)
    {
        if (model.Find(version) is not { } candidate)
        {
            return new Judgement(null, null, model.NotFound(name, version));
        }

        var number = candidate.Registered.Version;
        if (model.Champion?.Version == number)
        {
            return Judgement.Nothing;
        }

        if (candidate.Evaluation is null)
        {
            return new Judgement(null, null, new Refusal(
                ErrorCodes.InvalidRequest, $"Version {number} of model '{name}' has not been evaluated; POST /api/v1/models/{name}/evaluate first and promote when it is done."));
        }

        var champion = model.Champion is { } c ? model.Find(c.Version) : null;
        var input = new GateInput(name, Facts(candidate), champion is null ? null : Facts(champion)).ToCanonicalJson();
        var answer = Gate.Decide(policy, input);
        var decided = new PromotionDecided(
            decisionId, name, number, model.Champion?.Version, Gate.Version, policy, Gate.Sha256(policy), input, answer.Output, answer.Allowed, answer.Rules, now);
        return new Judgement(decided, answer.Allowed
            ? new ModelPromoted(name, number, model.Champion?.Version, decisionId, now) { TaskId = candidate.Registered.TaskId }
            : new PromotionRefused(name, number, decisionId, string.Join(' ', answer.Rules.Where(r => !r.Passed).Select(r => r.Reason)), now) { TaskId = candidate.Registered.TaskId }, null);
    }

    private static JudgedVersion Facts(ModelVersion version)
    {
        var (registered, evaluation) = (version.Registered, version.Evaluation!);
        return new JudgedVersion(
            registered.Version, registered.Dataset, registered.DatasetVersion, MetricSet.From(registered.Metrics),
            new JudgedEvaluation(evaluation.EvaluationId, evaluation.Source, evaluation.Dataset, evaluation.DatasetVersion, MetricSet.From(evaluation.Metrics)));
    }
}
