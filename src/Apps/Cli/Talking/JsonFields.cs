using System.Globalization;
using System.Text.Json;

namespace EventMl.Cli.Talking;

/// <summary>Reads the server's JSON forgivingly: what is absent is empty, so that an older CLI can show a newer server's rows.</summary>
internal static class JsonFields
{
    public static JsonElement Member(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    public static string Text(this JsonElement element, string name) => element.Member(name).Text();

    public static string Text(this JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => "",
        JsonValueKind.String => element.GetString()!,
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        JsonValueKind.Object => string.Join(", ", element.EnumerateObject().Select(p => $"{p.Name} {p.Value.Text()}")),
        JsonValueKind.Array => string.Join(", ", element.EnumerateArray().Select(e => e.Text())),
        _ => element.TryGetInt64(out var whole) ? whole.ToString() : element.TryGetDouble(out var real) ? real.ToString("0.#####") : element.GetRawText(),
    };

    public static double? Number(this JsonElement element, string name) =>
        element.Member(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetDouble(out var number) ? number : null;

    public static IEnumerable<JsonElement> Rows(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : [];

    public static DateTimeOffset? Instant(this JsonElement element, string name) =>
        DateTimeOffset.TryParse(element.Text(name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;

    public static string Time(this JsonElement element, string name) =>
        element.Instant(name) is { } at ? at.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'") : element.Text(name);

    public static string Bytes(this JsonElement element, string name) => element.Number(name) switch
    {
        null => "",
        >= 1e9 and var size => $"{size / 1e9:0.0} GB",
        >= 1e6 and var size => $"{size / 1e6:0.0} MB",
        >= 1e3 and var size => $"{size / 1e3:0.0} kB",
        var size => $"{size:0} B",
    };
}
