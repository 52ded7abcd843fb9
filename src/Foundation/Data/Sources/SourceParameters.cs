using System.Text.Json;

namespace EventMl.Data.Sources;

/// <summary>The options of a source in a JSON object: read by name and type; one that nobody asked for is an error.</summary>
internal sealed class SourceParameters
{
    private readonly JsonElement _json;
    private readonly string _where;
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public SourceParameters(JsonElement json, string where)
    {
        (_json, _where) = (json, where);
        if (json.ValueKind is not (JsonValueKind.Object or JsonValueKind.Undefined or JsonValueKind.Null))
        {
            throw new SourceException($"{where} must be a JSON object.");
        }
    }

    public JsonElement? Find(string name)
    {
        _known.Add(name);
        return _json.ValueKind == JsonValueKind.Object && _json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    public string? Text(string name) => Find(name) is { } value ? value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(name, "a text") : null;

    public string Required(string name, string example) => Text(name) is { Length: > 0 } text ? text : throw new SourceException($"{_where} lacks '{name}', a text such as \"{example}\".");

    public bool Flag(string name, bool missing) =>
        Find(name) is { } value ? value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(name, "true or false") : missing;

    public int Number(string name, int missing, int min, int max) => Optional(name, min, max) ?? missing;

    public int? Optional(string name, int min, int max) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= min && number <= max ? number
        : throw Wrong(name, $"a whole number from {min} to {max}");

    public double Real(string name, double missing, double min, double max) => Find(name) is not { } value ? missing
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= min && number <= max ? number
        : throw Wrong(name, $"a number from {min} to {max}");

    public byte? Byte(string name) => Text(name) is not { } text ? null
        : text.Length == 1 && text[0] < 128 && text[0] is not ('"' or '\n' or '\r' or '\0') ? (byte)text[0]
        : throw new SourceException($"'{name}' in {_where} must be one ASCII character, no quote and no newline.");

    public IReadOnlyList<string>? Texts(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.String) ? [.. value.EnumerateArray().Select(v => v.GetString()!)]
        : throw Wrong(name, "a list of texts");

    public IEnumerable<(string Name, JsonElement Value)> Members(string name, string expected) => Find(name) is not { } value ? []
        : value.ValueKind == JsonValueKind.Object ? value.EnumerateObject().Select(p => (p.Name, p.Value))
        : throw Wrong(name, expected);

    public SourceException Wrong(string name, string expected) => new($"'{name}' in {_where} must be {expected}.");

    /// <exception cref="SourceException">There is an option that was never asked for.</exception>
    public void Finish()
    {
        if (_json.ValueKind == JsonValueKind.Object && _json.EnumerateObject().Select(p => p.Name).FirstOrDefault(n => !_known.Contains(n)) is { } unknown)
        {
            throw new SourceException($"{_where} has no option '{unknown}'; there are: {string.Join(", ", _known.Order(StringComparer.Ordinal))}.");
        }
    }
}
