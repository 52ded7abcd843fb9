using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EventMl.Contracts.Models;

namespace EventMl.Policy;

/// <summary>What the gate answered.</summary>
/// <param name="Allowed">Whether every rule passed.</param>
/// <param name="Rules">Every rule of the policy with its outcome, in the policy's order.</param>
/// <param name="Output">The same in canonical JSON.</param>
public sealed record GateAnswer(bool Allowed, IReadOnlyList<RuleOutcome> Rules, string Output);

/// <summary>What a repeated decision came to.</summary>
/// <param name="Identical">Whether the repeated answer equals the recorded one byte for byte and the record agrees with itself.</param>
/// <param name="Recorded">The recorded output.</param>
/// <param name="Replayed">The repeated output; null when the record could not be judged again.</param>
/// <param name="Rules">The rules as they came out now; empty when it could not be judged again.</param>
/// <param name="Difference">What differs; null when nothing does.</param>
public sealed record GateReplay(bool Identical, string Recorded, string? Replayed, IReadOnlyList<RuleOutcome> Rules, string? Difference);

/// <summary>The evaluator of promotion policies, frozen as <c>gate/1</c>: pure, computed in decimal. A changed behaviour is a new version beside this one, never a change here.</summary>
public static class Gate
{
    /// <summary>Name of this evaluator in decisions.</summary>
    public const string Version = "gate/1";

    /// <summary>Judges by a policy.</summary>
    /// <param name="policy">The policy's text, YAML <c>promotion/1</c>.</param>
    /// <param name="input">Canonical JSON of a <see cref="GateInput"/>.</param>
    /// <exception cref="PolicyException">The policy is malformed.</exception>
    /// <exception cref="JsonException">The input is malformed.</exception>
    public static GateAnswer Decide(string policy, string input)
    {
        var facts = GateInput.Parse(input);
        RuleOutcome[] rules = [.. PromotionPolicy.Parse(policy).Select(rule => GateRules.Judge(rule, facts))];
        var allowed = rules.All(r => r.Passed);
        return new GateAnswer(allowed, rules, CanonicalJson.Write(new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["allowed"] = allowed,
            ["evaluator"] = Version,
            ["rules"] = rules.Select(r => new Dictionary<string, object?>(StringComparer.Ordinal) { ["passed"] = r.Passed, ["reason"] = r.Reason, ["rule"] = r.Rule }),
        }));
    }

    /// <summary>Checks that a text is a policy this evaluator reads.</summary>
    /// <exception cref="PolicyException">It is not.</exception>
    public static void Validate(string policy) => PromotionPolicy.Parse(policy);

    /// <summary>SHA-256 of a policy's UTF-8 text, lower-case hexadecimal.</summary>
    public static string Sha256(string policy) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(policy)));

    /// <summary>Judges a recorded decision again from its own policy and input; never throws, since a record that cannot be judged is itself a finding.</summary>
    public static GateReplay Replay(PromotionDecided decision)
    {
        if (decision.EvaluatorVersion != Version)
        {
            return Unable($"The decision was made by evaluator '{decision.EvaluatorVersion}', which this build does not have; it has '{Version}'.");
        }

        try
        {
            var answer = Decide(decision.Policy, decision.Input);
            var difference = Difference(decision, answer);
            return new GateReplay(difference is null, decision.Output, answer.Output, answer.Rules, difference);
        }
        catch (PolicyException e)
        {
            return Unable($"The recorded policy cannot be read: {e.Message}");
        }
        catch (JsonException e)
        {
            return Unable($"The recorded input cannot be read: {e.Message}");
        }

        GateReplay Unable(string why) => new(Identical: false, decision.Output, null, [], why);
    }

    private static string? Difference(PromotionDecided decision, GateAnswer answer)
    {
        var facts = GateInput.Parse(decision.Input);
        return Sha256(decision.Policy) != decision.PolicySha256 ? "The recorded policy does not have the recorded hash."
            : decision.Input != facts.ToCanonicalJson() ? "The recorded input is not in canonical form."
            : (facts.Model, facts.Candidate.Version, facts.Champion?.Version) != (decision.Model, decision.Version, decision.Champion) ? "The recorded input speaks of another model version or champion than the decision."
            : answer.Output != decision.Output ? "The recorded policy and input now give another answer than the recorded one."
            : answer.Allowed != decision.Allowed || !answer.Rules.SequenceEqual(decision.Rules) ? "The recorded verdict or rules differ from the recorded output."
            : null;
    }
}
