using System.Text;
using System.Text.Json;
using EventMl.Bus;

namespace EventMl.Contracts.Tests;

/// <summary>The page <c>docs/messages.md</c>: every message, where it is sent and what it holds.</summary>
internal static class MessagesPage
{
    public static string Write()
    {
        var page = new StringBuilder("""
            # Messages
            Written from `src/Contracts` by `EVENTML_UPDATE_GOLDEN=1 ./eventml test --only contracts`; a test fails when it is stale. The same for programs: [asyncapi.json](asyncapi.json).

            **To ask for something**, publish plain JSON to the command's exchange: camelCase members, `content_type` `application/json`, a `message_id` (a UUID). The id of what
            comes of it follows from the message id, so that the same message sent twice is one request. A MassTransit envelope is taken as well. The answer is an event: what
            was asked for, or the area's `…Rejected` with `code` and `message`. [samples/clients](../samples/clients) does this from Python and Node.

            **To hear what happened**, bind a queue of your own to the event's exchange (a fanout). The body is MassTransit's envelope: the event is its `message`. The
            headers `event-stream`, `event-version`, `event-position` and `event-time` say where it stands in the ledger, `actor` who caused it, `correlation` what it belongs to.
            The message id is the event's id: whoever hears it twice knows it by that.

            Messages change only by new optional members: ignore what you do not know. `?` marks members that may be absent.

            """);
        foreach (var area in Messages.All.Where(m => Kind(m) != MessageKind.Part).GroupBy(Area))
        {
            page.Append($"\n## {area.Key}\n");
            foreach (var message in area.OrderBy(Kind).ThenBy(m => m.Name, StringComparer.Ordinal))
            {
                Append(page, message, $"\n{(Kind(message) == MessageKind.Command ? "Command" : "Event")}, exchange `{BusNames.Exchange(message)}`. ");
            }
        }

        page.Append("\n## Parts\nValues inside messages.\n");
        foreach (var part in Messages.All.Where(m => Kind(m) == MessageKind.Part))
        {
            Append(page, part, "\n");
        }

        return page.ToString().ReplaceLineEndings("\n");
    }

    internal static MessageKind Kind(Type message) => Messages.KindOf(message, Messages.All);

    internal static string Area(Type message) => message.Namespace!.Split('.')[^1];

    private static void Append(StringBuilder page, Type message, string lead)
    {
        page.Append($"\n### {message.Name}{lead}{ContractDocs.Of(message)}\n\n| Member | Type | Meaning |\n|---|---|---|\n");
        foreach (var member in Samples.Members(message))
        {
            var name = JsonNamingPolicy.CamelCase.ConvertName(member.Name);
            page.Append($"| `{name}`{(Samples.IsOptional(member) ? " ?" : "")} | {TypeName(member.PropertyType)} | {ContractDocs.Of(member)} |\n");
        }
    }

    private static string TypeName(Type type) =>
        Nullable.GetUnderlyingType(type) is { } value ? TypeName(value)
        : type == typeof(string) ? "text"
        : type == typeof(int) || type == typeof(long) ? "integer"
        : type == typeof(double) ? "number"
        : type == typeof(bool) ? "true or false"
        : type == typeof(DateTimeOffset) ? "time"
        : type == typeof(JsonElement) ? "any JSON"
        : type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? $"list of {TypeName(type.GetGenericArguments()[0])}"
        : type == typeof(IReadOnlyDictionary<string, double>) ? "numbers by name"
        : $"[{type.Name}](#{type.Name.ToLowerInvariant()})";
}
