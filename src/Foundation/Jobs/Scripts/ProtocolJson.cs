using System.Globalization;
using System.Text;
using System.Text.Json;

namespace EventMl.Jobs.Scripts;

/// <summary>Reads JSON as scripts write it: bare NaN and Infinity become texts, so that they can be named.</summary>
internal static class ProtocolJson
{
    private static readonly string[] Tokens = ["NaN", "-Infinity", "Infinity"];

    public static JsonElement? Parse(string json)
    {
        try
        {
            if (!json.Contains("\\u", StringComparison.Ordinal))
            {
                return JsonSerializer.Deserialize<JsonElement>(json);
            }
        }
        catch (JsonException)
        {
            // Perhaps only because of bare NaN.
        }

        try
        {
            return JsonSerializer.Deserialize<JsonElement>(Repair(json));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The number, or what it says instead of one: <c>NaN</c>, <c>Infinity</c>, <c>-Infinity</c>.</summary>
    public static (double? Number, string? NonFinite) Number(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetDouble(out var number) => double.IsFinite(number) ? (number, null) : (null, Name(number)),
        JsonValueKind.String when Tokens.Contains(value.GetString()) => (null, value.GetString()),
        _ => (null, null),
    };

    /// <summary>The first non-finite number anywhere in a value, as (path, name).</summary>
    public static (string Path, string Name)? FindNonFinite(JsonElement value, string path = "")
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in value.EnumerateObject())
                {
                    if (FindNonFinite(property.Value, path.Length == 0 ? property.Name : $"{path}.{property.Name}") is { } found)
                    {
                        return found;
                    }
                }

                return null;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var item in value.EnumerateArray())
                {
                    if (FindNonFinite(item, $"{path}[{index++}]") is { } found)
                    {
                        return found;
                    }
                }

                return null;
            case JsonValueKind.Number or JsonValueKind.String:
                return Number(value).NonFinite is { } name ? (path, name) : null;
            default:
                return null;
        }
    }

    /// <summary>The text of a property; null when it has none.</summary>
    public static string? Text(JsonElement value, string property) =>
        value.TryGetProperty(property, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;

    private static string Name(double number) => double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";

    // Bare NaN tokens into texts; escaped NUL and lone surrogates, on which JsonElement.GetString throws, out.
    private static string Repair(string json)
    {
        var repaired = new StringBuilder(json.Length + 16);
        var inText = false;
        for (var i = 0; i < json.Length; i++)
        {
            if (!inText && Array.Find(Tokens, t => string.CompareOrdinal(json, i, t, 0, t.Length) == 0) is { } token)
            {
                repaired.Append('"').Append(token).Append('"');
                i += token.Length - 1;
            }
            else if (inText && json[i] == '\\')
            {
                i += CopyEscape(json, i, repaired) - 1;
            }
            else
            {
                inText ^= json[i] == '"';
                repaired.Append(json[i]);
            }
        }

        return repaired.ToString();
    }

    private static int CopyEscape(string json, int at, StringBuilder target)
    {
        if (Unit(json, at) is not { } unit)
        {
            var length = Math.Min(2, json.Length - at);
            target.Append(json, at, length);
            return length;
        }

        if (char.IsHighSurrogate(unit) && Unit(json, at + 6) is { } low && char.IsLowSurrogate(low))
        {
            target.Append(json, at, 12);
            return 12;
        }

        target.Append(char.IsSurrogate(unit) ? "\\ufffd" : unit == '\0' ? "" : json.Substring(at, 6));
        return 6;
    }

    private static char? Unit(string json, int at) =>
        at + 6 <= json.Length && json[at] == '\\' && json[at + 1] == 'u'
        && ushort.TryParse(json.AsSpan(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit) ? (char)unit : null;
}
