using System.Text.Json;
using System.Text.Json.Nodes;
using EventMl.Bus;

namespace EventMl.Contracts.Tests;

/// <summary>The document <c>docs/asyncapi.json</c> (AsyncAPI 3.0): the messages as JSON schemas and the exchanges they travel on.</summary>
internal static class AsyncApi
{
    public static string Write()
    {
        var channels = new JsonObject();
        var operations = new JsonObject();
        var messages = new JsonObject();
        var schemas = new JsonObject();
        foreach (var type in Messages.All)
        {
            schemas[type.Name] = Schema(type);
            if (MessagesPage.Kind(type) == MessageKind.Part)
            {
                continue;
            }

            var isCommand = MessagesPage.Kind(type) == MessageKind.Command;
            messages[type.Name] = new JsonObject
            {
                ["summary"] = ContractDocs.Of(type),
                ["contentType"] = isCommand ? "application/json" : "application/vnd.masstransit+json",
                ["payload"] = isCommand ? Reference("schemas", type.Name) : Envelope(type.Name),
            };
            channels[type.Name] = new JsonObject
            {
                ["address"] = BusNames.Exchange(type),
                ["messages"] = new JsonObject { [type.Name] = Reference("messages", type.Name) },
                ["bindings"] = new JsonObject
                {
                    ["amqp"] = new JsonObject
                    {
                        ["is"] = "routingKey",
                        ["exchange"] = new JsonObject { ["name"] = BusNames.Exchange(type), ["type"] = "fanout", ["durable"] = true },
                    },
                },
            };
            // Of the platform: it receives commands and sends events.
            operations[(isCommand ? "take" : "tell") + type.Name] = new JsonObject
            {
                ["action"] = isCommand ? "receive" : "send",
                ["channel"] = new JsonObject { ["$ref"] = $"#/channels/{type.Name}" },
                ["tags"] = new JsonArray(new JsonObject { ["name"] = MessagesPage.Area(type) }),
            };
        }

        return Golden.Text(new JsonObject
        {
            ["asyncapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "EventMl", ["version"] = "1", ["description"] = "Commands and events of the platform. docs/messages.md says how to send and to hear them." },
            ["defaultContentType"] = "application/json",
            ["channels"] = channels,
            ["operations"] = operations,
            ["components"] = new JsonObject { ["messages"] = messages, ["schemas"] = schemas },
        });
    }

    private static JsonObject Envelope(string message) => new()
    {
        ["type"] = "object",
        ["required"] = new JsonArray("messageId", "messageType", "message"),
        ["properties"] = new JsonObject
        {
            ["messageId"] = new JsonObject { ["type"] = "string", ["format"] = "uuid", ["description"] = "Id of the event in the ledger." },
            ["messageType"] = new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "string" } },
            ["message"] = Reference("schemas", message),
        },
    };

    private static JsonObject Schema(Type type)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var member in Samples.Members(type))
        {
            var name = JsonNamingPolicy.CamelCase.ConvertName(member.Name);
            var schema = Value(member.PropertyType);
            if (ContractDocs.Of(member) is { Length: > 0 } description && !schema.ContainsKey("$ref"))
            {
                schema["description"] = description;
            }

            properties[name] = schema;
            if (!Samples.IsOptional(member))
            {
                required.Add(name);
            }
        }

        var result = new JsonObject { ["type"] = "object", ["description"] = ContractDocs.Of(type), ["properties"] = properties };
        if (required.Count > 0)
        {
            result["required"] = required;
        }

        return result;
    }

    private static JsonObject Value(Type type) =>
        Nullable.GetUnderlyingType(type) is { } value ? Value(value)
        : type == typeof(string) ? Of("string")
        : type == typeof(int) || type == typeof(long) ? Of("integer")
        : type == typeof(double) ? Of("number")
        : type == typeof(bool) ? Of("boolean")
        : type == typeof(DateTimeOffset) ? new JsonObject { ["type"] = "string", ["format"] = "date-time" }
        : type == typeof(JsonElement) ? []
        : type == typeof(IReadOnlyDictionary<string, double>) ? new JsonObject { ["type"] = "object", ["additionalProperties"] = Of("number") }
        : type.IsGenericType ? new JsonObject { ["type"] = "array", ["items"] = Value(type.GetGenericArguments()[0]) }
        : Reference("schemas", type.Name);

    private static JsonObject Of(string type) => new() { ["type"] = type };

    private static JsonObject Reference(string kind, string name) => new() { ["$ref"] = $"#/components/{kind}/{name}" };
}
