using System.Text.RegularExpressions;

namespace EventMl.Bus;

/// <summary>Sets of areas, where <c>*</c> stands for all of them, also those to come.</summary>
public static partial class Scopes
{
    /// <summary>Every area.</summary>
    public const string Every = "*";

    /// <summary>The set of every area.</summary>
    public static IReadOnlyList<string> All { get; } = [Every];

    /// <summary>Whether the area is in the set.</summary>
    public static bool Contain(IReadOnlyList<string> scopes, string area) => scopes.Contains(Every, StringComparer.Ordinal) || scopes.Contains(area, StringComparer.Ordinal);

    /// <summary>Whether the wider set has everything that the narrower one has.</summary>
    public static bool Cover(IReadOnlyList<string> wider, IReadOnlyList<string> narrower) => narrower.All(area => Contain(wider, area));

    /// <summary>What both have.</summary>
    public static IReadOnlyList<string> Both(IReadOnlyList<string> one, IReadOnlyList<string> other) =>
        one.Contains(Every, StringComparer.Ordinal) ? other : [.. one.Where(area => Contain(other, area))];

    /// <summary>Whether every word is <c>*</c> or can be the name of an area, and there is at least one.</summary>
    public static bool AreWellFormed(IReadOnlyList<string> scopes) => scopes.Count is > 0 and <= 50 && scopes.All(s => s == Every || (s is not null && Area().IsMatch(s)));

    [GeneratedRegex("^[a-z][a-z0-9_]{0,40}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Area();
}
