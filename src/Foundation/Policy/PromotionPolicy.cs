using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace EventMl.Policy;

/// <summary>A policy file is not one the evaluator understands; the message names line and key and says what to write instead.</summary>
public sealed class PolicyException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>What a rule compares its metric with.</summary>
internal enum Bound
{
    Min,
    Max,
    Champion,
}

/// <summary>One rule: a metric, a bound and its number.</summary>
internal sealed record PromotionRule(string Metric, Bound Bound, decimal Limit, bool LowerIsBetter);

/// <summary>Reads <c>promotion/1</c> policies: a flat YAML file, read event by event so that no nesting, alias or size in it can do harm.</summary>
internal static class PromotionPolicy
{
    public const string Format = "promotion/1";

    /// <summary>Longest policy in characters; the ledger keeps texts of that length whole.</summary>
    public const int MaxLength = 32_768;

    private const int MaxRules = 100;

    private static readonly string[] RuleKeys = ["metric", "min", "max", "not_worse_than_champion_by", "better"];

    public static IReadOnlyList<PromotionRule> Parse(string text)
    {
        if (text.Length > MaxLength || text.Contains('\0', StringComparison.Ordinal))
        {
            throw new PolicyException($"A policy has at most {MaxLength} characters, none of them NUL.");
        }

        try
        {
            return Document(new Parser(new StringReader(text)));
        }
        catch (YamlException e)
        {
            throw new PolicyException($"line {e.Start.Line}: this is not YAML: {e.Message}", e);
        }
    }

    private static List<PromotionRule> Document(Parser yaml)
    {
        yaml.Consume<StreamStart>();
        if (!yaml.TryConsume<DocumentStart>(out _))
        {
            throw new PolicyException($"The policy is empty; begin with 'policy: {Format}'.");
        }

        string? format = null;
        List<PromotionRule>? rules = null;
        foreach (var key in Keys(yaml, "the policy", ["policy", "rules"]))
        {
            if (key.Value == "policy")
            {
                format = Text(yaml, key).Value;
                if (format != Format)
                {
                    throw At(key, $"'policy' is '{format}'; this evaluator reads '{Format}'.");
                }
            }
            else
            {
                rules = Rules(yaml, key);
            }
        }

        yaml.Consume<DocumentEnd>();
        if (!yaml.Accept<StreamEnd>(out _))
        {
            throw At(yaml.Current!, "the file holds a second document; keep one policy per file.");
        }

        return format is null ? throw new PolicyException($"'policy' is missing; begin the file with 'policy: {Format}'.")
            : rules ?? throw new PolicyException("'rules' is missing; give at least one, such as '- { metric: accuracy, min: 0.9 }'.");
    }

    private static List<PromotionRule> Rules(Parser yaml, Scalar key)
    {
        if (!yaml.TryConsume<SequenceStart>(out _))
        {
            throw At(key, "'rules' must be a list, one '- { metric: …, min: … }' per rule.");
        }

        var rules = new List<PromotionRule>();
        while (!yaml.TryConsume<SequenceEnd>(out _))
        {
            if (rules.Count == MaxRules)
            {
                throw At(key, $"a policy has at most {MaxRules} rules.");
            }

            rules.Add(Rule(yaml));
        }

        return rules.Count > 0 ? rules : throw At(key, "'rules' is empty, which would let every model pass; give at least one.");
    }

    private static PromotionRule Rule(Parser yaml)
    {
        var start = yaml.Current!;
        string? metric = null;
        string? better = null;
        (Bound Bound, decimal Limit)? bound = null;
        foreach (var key in Keys(yaml, "a rule", RuleKeys))
        {
            var value = Text(yaml, key);
            switch (key.Value)
            {
                case "metric":
                    metric = MetricSet.IsName(value.Value) ? value.Value : throw At(value, $"'metric' must be 1 to {MetricSet.MaxName} letters, digits, '_', '.', '@', '/' or '-'.");
                    break;
                case "better":
                    better = value.Value is "higher" or "lower" ? value.Value : throw At(value, "'better' is 'higher' or 'lower'.");
                    break;
                default:
                    bound = bound is null ? (BoundOf(key.Value), Limit(key, value)) : throw At(key, "a rule has one of 'min', 'max' and 'not_worse_than_champion_by'; make it two rules.");
                    break;
            }
        }

        return metric is null ? throw At(start, "the rule has no 'metric'.")
            : bound is not { } b ? throw At(start, "the rule has none of 'min', 'max' and 'not_worse_than_champion_by'.")
            : better is not null && b.Bound != Bound.Champion ? throw At(start, "'better' belongs to 'not_worse_than_champion_by' only.")
            : new PromotionRule(metric, b.Bound, b.Limit, better is null ? MetricSet.IsLoss(metric) : better == "lower");
    }

    private static Bound BoundOf(string key) => key switch
    {
        "min" => Bound.Min,
        "max" => Bound.Max,
        _ => Bound.Champion,
    };

    private static decimal Limit(Scalar key, Scalar value) =>
        MetricSet.Parse(value.Value) is not { } limit ? throw At(value, $"'{key.Value}' is '{value.Value}'; write a number such as 0.9.")
        : limit < 0 && BoundOf(key.Value) == Bound.Champion ? throw At(value, $"'{key.Value}' must be 0 or more.")
        : limit;

    /// <summary>The keys of the mapping that begins here, each known and used once; the caller consumes the values.</summary>
    private static IEnumerable<Scalar> Keys(Parser yaml, string what, string[] known)
    {
        if (!yaml.TryConsume<MappingStart>(out _))
        {
            throw At(yaml.Current!, $"{what} must be 'key: value' pairs.");
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (!yaml.TryConsume<MappingEnd>(out _))
        {
            if (!yaml.TryConsume<Scalar>(out var key) || !known.Contains(key.Value, StringComparer.Ordinal))
            {
                throw At(key ?? yaml.Current!, $"unknown key '{key?.Value}' in {what}; known are {string.Join(", ", known)}.");
            }

            yield return seen.Add(key.Value) ? key : throw At(key, $"'{key.Value}' is given twice.");
        }
    }

    private static Scalar Text(Parser yaml, Scalar key) =>
        yaml.TryConsume<Scalar>(out var value) ? value : throw At(key, $"'{key.Value}' must be a plain value.");

    private static PolicyException At(ParsingEvent place, string message) =>
        new(string.Create(CultureInfo.InvariantCulture, $"line {place.Start.Line}: {message}"));
}
