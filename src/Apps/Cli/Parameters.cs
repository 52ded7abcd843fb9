using System.CommandLine.Parsing;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EventMl.Cli;

/// <summary>Reads <c>--param key=value</c>: the value is JSON where it parses as JSON, else text.</summary>
internal static class Parameters
{
    public static JsonObject Read(IEnumerable<string> given)
    {
        var read = new JsonObject();
        foreach (var text in given)
        {
            var (key, value) = Split(text) ?? throw new UsageException(Problem(text));
            read[key] = Value(value);
        }
        return read;
    }

    public static void Check(CommandResult result)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var token in result.GetResult(GlobalOptions.Parameters)?.Tokens ?? [])
        {
            if (Split(token.Value) is not var (key, _))
                result.AddError(Problem(token.Value));
            else if (!keys.Add(key))
                result.AddError($"--param {key} is given twice.");
        }
    }

    private static (string Key, string Value)? Split(string text) =>
        text.IndexOf('=') is > 0 and var at ? (text[..at], text[(at + 1)..]) : null;

    private static JsonNode? Value(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }

    private static string Problem(string text) => $"--param takes KEY=VALUE, not '{text}'.";
}
