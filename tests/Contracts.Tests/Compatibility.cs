using System.Text.Json;
using System.Text.Json.Nodes;

namespace EventMl.Contracts.Tests;

/// <summary>Tells whether everything written in an old shape can still be read, and what was promised to senders still holds.</summary>
internal static class Compatibility
{
    /// <summary>What a change breaks; empty when it only adds optional members.</summary>
    public static IEnumerable<string> Breaks(JsonObject old, Type message)
    {
        var now = Golden.Of(message);
        foreach (var name in new[] { "urn", "exchange", "alias" })
        {
            if (old[name]!.GetValue<string>() != now[name]!.GetValue<string>())
            {
                yield return $"{message.Name}: its {name} was {old[name]} and is {now[name]}";
            }
        }

        foreach (var (form, options) in Golden.Forms)
        {
            foreach (var shape in new[] { "full", "sparse" })
            {
                foreach (var problem in Lost(old[form]![shape]!, message, options))
                {
                    yield return $"{message.Name} ({form}, {shape}): {problem}";
                }
            }
        }

        foreach (var problem in Demanded(old["ledger"]!["full"]!.AsObject(), message, message.Name))
        {
            yield return problem;
        }
    }

    private static IEnumerable<string> Lost(JsonNode old, Type message, JsonSerializerOptions options)
    {
        JsonNode? again;
        try
        {
            again = JsonSerializer.SerializeToNode(JsonSerializer.Deserialize(old.ToJsonString(), message, options), message, options);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return [$"the old shape cannot be read: {e.Message}"];
        }

        return Missing(old, again, "");
    }

    // What was there must be there with the same value; a member that was null may be left out.
    private static IEnumerable<string> Missing(JsonNode? old, JsonNode? now, string path) => (old, now) switch
    {
        (JsonObject before, JsonObject after) => before.Where(m => m.Value is not null).SelectMany(m =>
            after.TryGetPropertyName(m.Key) is { } value ? Missing(m.Value, value, $"{path}.{m.Key}") : [$"'{path}.{m.Key}' is gone; members are never removed or renamed"]),
        (JsonArray before, JsonArray after) when before.Count == after.Count => before.Zip(after).SelectMany((pair, i) => Missing(pair.First, pair.Second, $"{path}[{i}]")),
        _ => JsonNode.DeepEquals(old, now) ? [] : [$"'{path}' was {old?.ToJsonString()} and is read as {now?.ToJsonString() ?? "null"}"],
    };

    // The ledger's names are those of the members.
    private static IEnumerable<string> Demanded(JsonObject old, Type type, string path)
    {
        foreach (var member in Samples.Members(type))
        {
            if (!old.TryGetPropertyValue(member.Name, out var value))
            {
                if (!Samples.IsOptional(member))
                {
                    yield return $"{path}.{member.Name} is new and must be optional, since old messages do not have it";
                }

                continue;
            }

            var (part, shape) = Part(member.PropertyType, value);
            foreach (var problem in part is null || shape is null ? [] : Demanded(shape, part, $"{path}.{member.Name}"))
            {
                yield return problem;
            }
        }
    }

    private static (Type? Type, JsonObject? Shape) Part(Type member, JsonNode? value) => value switch
    {
        JsonArray { Count: > 0 } array when member.IsGenericType => Part(member.GetGenericArguments()[0], array[0]),
        JsonObject shape when member.GetMethod("<Clone>$") is not null => (member, shape),
        _ => (null, null),
    };

    private static JsonNode? TryGetPropertyName(this JsonObject node, string name) => node.TryGetPropertyValue(name, out var value) ? value : null;
}
