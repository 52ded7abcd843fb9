using System.CommandLine;
using System.CommandLine.Parsing;
using EventMl.Cli.Talking;

namespace EventMl.Cli;

/// <summary>Options and arguments that more than one verb takes.</summary>
internal static class GlobalOptions
{
    public const string DefaultUrl = "http://127.0.0.1:8000";

    private static readonly Dictionary<string, OutputFormat> Formats = new(StringComparer.OrdinalIgnoreCase)
    {
        ["json"] = OutputFormat.Json,
        ["table"] = OutputFormat.Table,
    };

    public static readonly Option<string?> Url = new("--url")
    {
        Description = $"Address of the server; else EVENTML_URL, else {DefaultUrl}.",
        HelpName = "ADDRESS",
        Recursive = true,
    };

    public static readonly Option<string?> Key = new("--key")
    {
        Description = "Key for the server, eml_…; else EVENTML_API_KEY, which other users of this machine cannot see.",
        HelpName = "KEY",
        Recursive = true,
    };

    public static readonly Option<string?> AsOf = new("--as-of")
    {
        Description = "Show what was true at a moment of the past: an instant such as 2026-03-01T12:00:00Z, or a position of the ledger.",
        HelpName = "MOMENT",
        Recursive = true,
    };

    /// <summary><c>--output</c> is free for the verbs that name a dataset or a model by it.</summary>
    public static readonly Option<OutputFormat> Format = new("--format", "--output", "-o")
    {
        Description = "table, or json: exactly what the server answered and nothing else.",
        HelpName = "json|table",
        Recursive = true,
        CustomParser = result => Formats.TryGetValue(result.Tokens[0].Value, out var format) ? format : Refuse(result),
        CompletionSources = { "json", "table" },
    };

    public static readonly Option<int?> Limit = new("--limit") { Description = "Show at most this many rows; all when absent.", HelpName = "N", Validators = { Positive } };

    public static readonly Option<bool> Watch = new("--watch") { Description = "Show progress until the task ends; exit code 1 when it failed." };

    public static readonly Option<string[]> Parameters = new("--param")
    {
        Description = "Parameter for the script; the value is JSON where it parses as JSON, else text. May be repeated.",
        HelpName = "KEY=VALUE",
    };

    public static readonly Option<int?> TimeLimit = new("--timeout") { Description = "Seconds after which the task is ended.", HelpName = "SECONDS", Validators = { Positive } };

    public static Argument<string> Name(string helpName, string description) => new(helpName.ToLowerInvariant())
    {
        HelpName = helpName,
        Description = description,
        Validators = { PathPart },
    };

    public static Option<string> Required(string name, string helpName, string description) =>
        new(name) { HelpName = helpName, Description = description, Required = true };

    public static Option<string?> Optional(string name, string helpName, string description) =>
        new(name) { HelpName = helpName, Description = description };

    public static Option<long?> Version(string description) => new("--version") { HelpName = "N", Description = description, Validators = { Positive } };

    private static void Positive(OptionResult result)
    {
        if (result.Tokens.Count == 1 && (!long.TryParse(result.Tokens[0].Value, out var number) || number < 1))
            result.AddError($"{result.Option.Name} takes a whole number from 1, not '{result.Tokens[0].Value}'.");
    }

    // '.' and '..' would be resolved away and the request would reach another resource.
    private static void PathPart(ArgumentResult result)
    {
        foreach (var token in result.Tokens)
            if (string.IsNullOrWhiteSpace(token.Value) || token.Value is "." or "..")
                result.AddError($"'{token.Value}' is not a name.");
    }

    private static OutputFormat Refuse(ArgumentResult result)
    {
        result.AddError($"The output is json or table, not '{result.Tokens[0].Value}'.");
        return OutputFormat.Table;
    }
}
