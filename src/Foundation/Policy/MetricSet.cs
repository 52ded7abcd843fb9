using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace EventMl.Policy;

/// <summary>Metrics as the gate sees them: decimal text by name, never binary fractions.</summary>
public static partial class MetricSet
{
    /// <summary>Longest name of a metric that a policy can speak of.</summary>
    public const int MaxName = 64;

    /// <summary>Most metrics of one kind that enter a decision, the first in ordinal order.</summary>
    public const int MaxCount = 100;

    // Two such numbers can be subtracted without leaving decimal's range.
    private const decimal Largest = 1e27m;

    /// <summary>The finite metrics in decimal text; names no policy can speak of are left out.</summary>
    public static IReadOnlyDictionary<string, string> From(IReadOnlyDictionary<string, double> metrics) =>
        Keep(metrics.Where(m => double.IsFinite(m.Value)).Select(m => (m.Key, Text(m.Value))));

    /// <summary>The numbers among the members of a JSON object, in decimal text; empty for anything else.</summary>
    public static IReadOnlyDictionary<string, string> From(JsonElement metrics) => metrics.ValueKind != JsonValueKind.Object
        ? Keep([])
        : Keep(metrics.EnumerateObject()
            .Where(m => m.Value.ValueKind == JsonValueKind.Number && m.Value.TryGetDouble(out var d) && double.IsFinite(d))
            .Select(m => (m.Name, Text(m.Value.GetDouble()))));

    internal static bool IsName(string name) => Name().IsMatch(name);

    /// <summary>Whether less is better when the policy does not say.</summary>
    internal static bool IsLoss(string metric) =>
        metric.EndsWith("loss", StringComparison.OrdinalIgnoreCase) || metric.EndsWith("error", StringComparison.OrdinalIgnoreCase);

    /// <summary>The number, or null when the gate cannot compute with it.</summary>
    internal static decimal? Parse(string text) =>
        decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var value)
        && value is >= -Largest and <= Largest
            ? value
            : null;

    // The shortest text that reads back as the same double; too large for the gate's arithmetic, it stays as it is and the rule says so.
    private static string Text(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        return Parse(text) is { } number ? CanonicalJson.Number(number) : text;
    }

    private static SortedDictionary<string, string> Keep(IEnumerable<(string Name, string Text)> metrics)
    {
        var kept = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, text) in metrics.Where(m => IsName(m.Name)).OrderBy(m => m.Name, StringComparer.Ordinal))
        {
            if (kept.Count == MaxCount)
            {
                break;
            }

            kept[name] = text;
        }

        return kept;
    }

    [GeneratedRegex("^[A-Za-z0-9_.@/-]{1,64}$", RegexOptions.NonBacktracking)]
    private static partial Regex Name();
}
