using System.Text.RegularExpressions;

namespace EventMl.Contracts.Tests;

/// <summary>What holds for every message; each rule is a function that names the violations.</summary>
internal static partial class ContractRules
{
    private static readonly string[] _identities = ["TaskId", "ServiceId", "Dataset", "Model", "FailureId", "Group", "Principal", "KeyId"];

    /// <summary>Contracts stands on the framework alone.</summary>
    public static IEnumerable<string> ForeignReferences(IEnumerable<string> assemblies) =>
        assemblies.Where(a => a is not "netstandard" && !a.StartsWith("System.", StringComparison.Ordinal));

    /// <summary>A command says which thing it is about, so that a repeat can be told from a new wish.</summary>
    public static IEnumerable<Type> WithoutIdentity(IEnumerable<Type> commands) =>
        commands.Where(c => !_identities.Any(i => c.GetProperty(i)?.PropertyType == typeof(string)));

    /// <summary>A command begins with a verb in the imperative: what it asks for, not what it is.</summary>
    public static IEnumerable<string> NotImperative(IEnumerable<string> commands) =>
        commands.Where(c => !ImperativeName().IsMatch(c));

    /// <summary>Records whose summary is missing or is not one sentence on one line.</summary>
    public static IEnumerable<string> WithoutOneSentence(string source)
    {
        foreach (Match record in Record().Matches(source))
        {
            var comment = Summary().Match(record.Groups["comment"].Value);
            var text = Tag().Replace(comment.Groups["text"].Value, "x");
            if (!comment.Success || !text.EndsWith('.') || SentenceEnd().IsMatch(text))
            {
                yield return record.Groups["name"].Value;
            }
        }
    }

    [GeneratedRegex("^(Request|Cancel|Run|Settle|Complete|Register|Evaluate|Promote|Create|Delete|Update|Start|Stop|Set|Add|Remove|Apply|Retry|Discard|Grant|Revoke|Issue|Tag|Untag|Restore|Clone|Drop|Compact|Collect|Import)[A-Z]", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ImperativeName();

    [GeneratedRegex(@"(?<comment>(^///.*\n)*)^public sealed record (?<name>\w+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Record();

    [GeneratedRegex("<summary>(?<text>[^\n]+)</summary>", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Summary();

    [GeneratedRegex("<c>[^<]*</c>|<[^>]*>", RegexOptions.None, 1000)]
    private static partial Regex Tag();

    [GeneratedRegex(@"[.!?]\s+\p{Lu}", RegexOptions.None, 1000)]
    private static partial Regex SentenceEnd();
}
