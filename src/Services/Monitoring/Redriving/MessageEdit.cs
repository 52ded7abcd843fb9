using System.Text;
using System.Text.Json;
using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Monitoring;

namespace EventMl.Monitoring.Redriving;

/// <summary>What a person wants changed in a message, checked.</summary>
internal sealed record MessageEdit(byte[]? Body, string? ContentType, IReadOnlyDictionary<string, object?> Headers)
{
    private const int MaxHeaders = 100;
    private const int MaxText = 4096;

    // Who a message is from and what became of it is not for editors to say.
    private static readonly string[] _reserved = [BusHeaders.Actor, BusHeaders.OriginalUser, "MT-"];

    /// <summary>The change a command asks for; null when it asks for none.</summary>
    /// <param name="command">The command.</param>
    /// <param name="refusal">What is wrong with it.</param>
    public static MessageEdit? Of(RetryFailure command, out Refusal? refusal)
    {
        refusal = null;
        if (command is { Body: null, BodyBase64: null, ContentType: null } && command.Headers is null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined })
        {
            return null;
        }

        refusal = command switch
        {
            { Body: not null, BodyBase64: not null } => Wish.Invalid("Give 'body' or 'body_base64', not both."),
            { ContentType.Length: 0 or > 200 } => Wish.Invalid("'content_type' must be a media type such as application/json."),
            _ => CheckHeaders(command.Headers),
        };
        if (refusal is not null)
        {
            return null;
        }

        try
        {
            var body = command.Body is { } text ? Encoding.UTF8.GetBytes(text) : command.BodyBase64 is { } base64 ? Convert.FromBase64String(base64) : null;
            return new MessageEdit(body, command.ContentType, Values(command.Headers));
        }
        catch (FormatException)
        {
            refusal = Wish.Invalid("'body_base64' is not base64.");
            return null;
        }
    }

    private static Refusal? CheckHeaders(JsonElement? headers)
    {
        if (headers is not { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } given)
        {
            return null;
        }

        if (given.ValueKind != JsonValueKind.Object || given.GetPropertyCount() > MaxHeaders)
        {
            return Wish.Invalid($"'headers' must be an object of at most {MaxHeaders} texts, numbers, truth values or nulls.");
        }

        foreach (var header in given.EnumerateObject())
        {
            if (_reserved.Any(r => header.Name.StartsWith(r, StringComparison.OrdinalIgnoreCase)))
            {
                return Wish.Invalid($"The header '{header.Name}' is the platform's; leave it out.");
            }

            if (Encoding.UTF8.GetByteCount(header.Name) is 0 or > 255
                || header.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array
                || (header.Value.ValueKind == JsonValueKind.String && header.Value.GetRawText().Length > MaxText))
            {
                return Wish.Invalid($"The header '{header.Name}' must be a text of at most {MaxText} characters, a number, a truth value, or null to remove it.");
            }
        }

        return null;
    }

    private static Dictionary<string, object?> Values(JsonElement? headers) => headers is { ValueKind: JsonValueKind.Object } given
        ? given.EnumerateObject().GroupBy(h => h.Name, StringComparer.Ordinal).ToDictionary(
            h => h.Key,
            h => h.Last().Value switch
            {
                { ValueKind: JsonValueKind.String } text => Encoding.UTF8.GetBytes(text.GetString()!),
                { ValueKind: JsonValueKind.True } => true,
                { ValueKind: JsonValueKind.False } => false,
                { ValueKind: JsonValueKind.Number } number => number.TryGetInt64(out var whole) ? whole : number.GetDouble(),
                _ => (object?)null,
            },
            StringComparer.Ordinal)
        : [];
}
