using System.Text.RegularExpressions;

namespace EventMl.Architecture.Tests;

/// <summary>The list of settings says what the code reads, no more and no less.</summary>
internal static partial class SettingRules
{
    /// <summary>Variables that only one of the two knows.</summary>
    public static IEnumerable<string> NotListed(IEnumerable<SourceFile> code, string list)
    {
        var read = code.SelectMany(f => Variable().Matches(f.Text)).Select(m => m.Value).ToHashSet(StringComparer.Ordinal);
        var listed = Variable().Matches(list).Select(m => m.Value).ToHashSet(StringComparer.Ordinal);
        return read.Except(listed).Select(v => $"{v} is read, but not listed").Concat(listed.Except(read).Select(v => $"{v} is listed, but not read"));
    }

    // CMake's own variables are no settings of ours, but begin alike.
    [GeneratedRegex(@"\bEVENTML_[A-Z][A-Z_]*[A-Z]\b", RegexOptions.None, 1000)]
    private static partial Regex Variable();
}
