using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace EventMl.Contracts.Tests;

/// <summary>What the documentation comments of Contracts say, as Markdown text.</summary>
internal static partial class ContractDocs
{
    private static readonly Dictionary<string, XElement> _members = XDocument
        .Load(Path.ChangeExtension(typeof(Ids).Assembly.Location, ".xml")).Descendants("member").ToDictionary(m => m.Attribute("name")!.Value, StringComparer.Ordinal);

    // What means the same in every message need not be said in each.
    private static readonly Dictionary<string, string> _everywhere = new(StringComparer.Ordinal)
    {
        ["TaskId"] = "Id of the task.",
        ["Attempt"] = "The attempt that says so, from 1.",
        ["Worker"] = "The process that has the task.",
        ["Name"] = "The name it was asked for under.",
        ["Dataset"] = "Name of the dataset.",
        ["DatasetVersion"] = "Version of the dataset, from 1.",
        ["Model"] = "Name of the model.",
        ["ModelVersion"] = "Version of the model, from 1.",
        ["Version"] = "Version, from 1.",
        ["ServiceId"] = "Id of the inference service.",
        ["Command"] = "The command that was refused.",
        ["Code"] = "What kind of problem, for programs.",
        ["Message"] = "What is wrong and what to do, for people.",
        ["Error"] = "Why it ended.",
        ["LogTail"] = "The last lines of its log.",
        ["Input"] = "What is read, as it was given.",
        ["Output"] = "Name of what is written.",
        ["Script"] = "The user's script; absent for the platform's own job.",
        ["Source"] = "The built-in reader; absent for a script.",
        ["Params"] = "Parameters as they were given.",
        ["TimeoutSeconds"] = "Seconds after which it is ended.",
        ["Stats"] = "What the script or reader reported.",
        ["Metrics"] = "Metrics by name, as reported.",
        ["ArtifactUri"] = "Where the model's bytes are in the lake.",
        ["ArtifactVersion"] = "Version of those bytes in the lake.",
        ["ManifestSha256"] = "Content hash of the version's manifest, hexadecimal.",
        ["DatasetUri"] = "Where the dataset's bytes are in the lake.",
        ["DatasetSha256"] = "Content hash of the dataset's manifest, hexadecimal.",
        ["StoragePath"] = "Its path in the lake.",
        ["SizeBytes"] = "Size in bytes.",
        ["ResumedAfterEpoch"] = "The last epoch that is already done; 0 at the beginning.",
        ["EvaluationId"] = "Id of the evaluation.",
        ["PreviousChampion"] = "The version that was champion before.",
        ["Reason"] = "Why.",
        ["Rule"] = "Name of the policy's rule.",
        ["Passed"] = "Whether it is met.",
        ["Device"] = "cpu, cuda or auto.",
        ["Port"] = "Port that was asked for.",
        ["Endpoint"] = "Address of its predictions.",
        ["Type"] = "Type of the column: binary, int64, float32, string, …",
        ["Nullable"] = "Whether values may be missing.",
        ["DecisionId"] = "Id of the decision, for its replay.",
    };

    public static string Of(Type type) => Text(_members.GetValueOrDefault($"T:{type.FullName}")?.Element("summary"));

    /// <summary>A positional member is documented as a parameter of its record.</summary>
    public static string Of(PropertyInfo member) =>
        Said(member) is { Length: > 0 } said ? said
        : member.PropertyType == typeof(DateTimeOffset) ? "When."
        : _everywhere.GetValueOrDefault(member.Name, "");

    private static string Said(PropertyInfo member) =>
        Text(_members.GetValueOrDefault($"P:{member.DeclaringType!.FullName}.{member.Name}")?.Element("summary")
            ?? _members.GetValueOrDefault($"T:{member.DeclaringType.FullName}")?.Elements("param").FirstOrDefault(p => p.Attribute("name")!.Value == member.Name));

    private static string Text(XElement? comment) =>
        comment is null ? "" : Spaces().Replace(string.Concat(comment.Nodes().Select(Text)), " ").Trim();

    private static string Text(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement see => $"`{(see.Attribute("cref") ?? see.Attribute("name") ?? see.Attribute("langword"))?.Value.Split('.', ':')[^1]}`",
        _ => "",
    };

    [GeneratedRegex(@"\s+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Spaces();
}
