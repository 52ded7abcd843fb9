using System.Text.Json;

namespace EventMl.Bench;

/// <summary>One line <c>bench NAME key=value… ok|short</c>.</summary>
internal sealed record Goal(string Name, IReadOnlyDictionary<string, double> Values, bool Reached)
{
    public static Goal? Parse(string line)
    {
        if (line.Split(' ') is not ["bench", var name, .. var pairs, "ok" or "short"])
        {
            return null;
        }

        return new Goal(name, pairs.Select(p => p.Split('=')).ToDictionary(p => p[0], p => double.Parse(p[1]), StringComparer.Ordinal), line.EndsWith(" ok", StringComparison.Ordinal));
    }

    public static string Json(IEnumerable<Goal> goals) => JsonSerializer.Serialize(goals, JsonSerializerOptions.Web);
}
