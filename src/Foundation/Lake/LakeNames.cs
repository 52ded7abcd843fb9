using System.Text.RegularExpressions;

namespace EventMl.Lake;

/// <summary>What datasets and models may be called, and how they are referred to.</summary>
public static partial class LakeNames
{
    /// <summary>Throws unless a name is 1 to 128 letters, digits, dots, dashes and underscores, begins with a letter or digit and has no two dots in a row.</summary>
    /// <exception cref="LakeException">The name is not allowed.</exception>
    public static void Check(string name)
    {
        if (!Allowed().IsMatch(name) || name.Contains("..", StringComparison.Ordinal))
        {
            var shown = name.Length <= 140 ? name : name[..140] + "…";
            throw new LakeException($"'{shown}' is not a name: use 1 to 128 letters, digits, '.', '-' and '_', beginning with a letter or digit, without '..'.");
        }
    }

    /// <summary>Reads <c>lake://datasets/NAME@VERSION</c>; without <c>@VERSION</c> the latest one is meant.</summary>
    /// <exception cref="LakeException">It is not such a reference.</exception>
    public static (LakeKind Kind, string Name, long? Version) ParseUri(string uri)
    {
        var match = UriForm().Match(uri);
        if (!match.Success || (match.Groups["version"].Success && !long.TryParse(match.Groups["version"].Value, out _)))
            throw new LakeException($"'{uri}' is not a lake reference; write lake://datasets/NAME@VERSION or lake://models/NAME@VERSION.");
        Check(match.Groups["name"].Value);
        var kind = match.Groups["kind"].Value == "datasets" ? LakeKind.Dataset : LakeKind.Model;
        return (kind, match.Groups["name"].Value, match.Groups["version"].Success ? long.Parse(match.Groups["version"].Value) : null);
    }

    internal static string Folder(LakeKind kind) => kind == LakeKind.Dataset ? "datasets" : "models";

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,127}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Allowed();

    [GeneratedRegex(@"\Alake://(?<kind>datasets|models)/(?<name>[^/@]{1,128})(?:@(?<version>[0-9]{1,19}))?\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UriForm();
}
