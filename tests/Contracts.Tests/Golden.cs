using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using EventMl.Bus;
using EventMl.EventStore;
using EventMl.Testing;
using EventMl.Web;
using MassTransit;
using MassTransit.Serialization;

namespace EventMl.Contracts.Tests;

/// <summary>What a message looks like everywhere it goes, and the file that froze it.</summary>
internal static class Golden
{
    /// <summary>Writes the files instead of failing; breaking changes are refused all the same.</summary>
    public const string UpdateVariable = "EVENTML_UPDATE_GOLDEN";

    public const string UpdateCommand = $"{UpdateVariable}=1 ./eventml test --only contracts";

    private static readonly JsonSerializerOptions _readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The three frozen option sets by the name they have in the files.</summary>
    public static IReadOnlyDictionary<string, JsonSerializerOptions> Forms { get; } = new Dictionary<string, JsonSerializerOptions>(StringComparer.Ordinal)
    {
        ["rest"] = WebJson.Options,
        ["bus"] = SystemTextJsonMessageSerializer.Options,
        ["ledger"] = LedgerJson.Options,
    };

    public static string Folder { get; } = Path.Combine(TestServers.RepositoryRoot, "tests", "Contracts.Tests", "golden");

    public static string FileOf(Type message) => Path.Combine(Folder, $"{message.FullName!["EventMl.Contracts.".Length..]}.json");

    public static bool Updating => Environment.GetEnvironmentVariable(UpdateVariable) == "1";

    /// <summary>The message as it is now.</summary>
    public static JsonObject Of(Type message)
    {
        var golden = new JsonObject
        {
            ["urn"] = MessageUrn.ForTypeString(message),
            ["exchange"] = BusNames.Exchange(message),
            ["alias"] = new EventTypes(message.Assembly).AliasOf(message),
        };
        foreach (var (form, options) in Forms)
        {
            golden[form] = new JsonObject
            {
                ["full"] = JsonNode.Parse(JsonSerializer.Serialize(Samples.Of(message, optional: true), message, options)),
                ["sparse"] = JsonNode.Parse(JsonSerializer.Serialize(Samples.Of(message, optional: false), message, options)),
            };
        }

        return golden;
    }

    public static string Text(JsonObject golden) => golden.ToJsonString(_readable).ReplaceLineEndings("\n") + "\n";

    public static JsonObject? Read(Type message) =>
        File.Exists(FileOf(message)) ? JsonNode.Parse(File.ReadAllText(FileOf(message)))!.AsObject() : null;
}
