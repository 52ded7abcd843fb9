using System.Text.Json;

namespace EventMl.Sdk;

/// <summary>The parameters of a task, read by name and type; a wrong type is an error that names the parameter.</summary>
public sealed class ScriptParameters
{
    private readonly string _what;

    internal ScriptParameters(JsonElement json, string what)
    {
        Json = json;
        _what = what;
    }

    /// <summary>All parameters, a JSON object, or undefined.</summary>
    public JsonElement Json { get; }

    /// <summary>True when the parameter is present and not null.</summary>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>A whole number.</summary>
    /// <exception cref="ScriptParameterException">It is something else, or absent without a default.</exception>
    public int WholeNumber(string name, int? defaultValue = null) =>
        Get(name, defaultValue, "a whole number", v => v.ValueKind == JsonValueKind.Number && v.TryGetDouble(out var d) && double.IsInteger(d) && Math.Abs(d) <= int.MaxValue ? (int)d : null);

    /// <summary>A finite number.</summary>
    /// <exception cref="ScriptParameterException">It is something else, or absent without a default.</exception>
    public double Number(string name, double? defaultValue = null) =>
        Get(name, defaultValue, "a number", v => v.ValueKind == JsonValueKind.Number && v.TryGetDouble(out var d) && double.IsFinite(d) ? d : null);

    /// <summary>True or false.</summary>
    /// <exception cref="ScriptParameterException">It is something else, or absent without a default.</exception>
    public bool Boolean(string name, bool? defaultValue = null) =>
        Get(name, defaultValue, "true or false", v => v.ValueKind is JsonValueKind.True or JsonValueKind.False ? v.GetBoolean() : null);

    /// <summary>A text.</summary>
    /// <exception cref="ScriptParameterException">It is something else, or absent without a default.</exception>
    public string Text(string name, string? defaultValue = null)
    {
        var value = Find(name);
        return value is { ValueKind: JsonValueKind.String } text ? text.GetString()!
            : value is { } other ? throw Wrong(name, "a text", other)
            : defaultValue ?? throw Missing(name, "a text");
    }

    private T Get<T>(string name, T? defaultValue, string expected, Func<JsonElement, T?> read)
        where T : struct =>
        Find(name) is { } value ? read(value) ?? throw Wrong(name, expected, value) : defaultValue ?? throw Missing(name, expected);

    private JsonElement? Find(string name) =>
        Json.ValueKind == JsonValueKind.Object && Json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private ScriptParameterException Missing(string name, string expected) => new($"{_what} lacks '{name}', which must be {expected}.");

    private ScriptParameterException Wrong(string name, string expected, JsonElement value)
    {
        var raw = value.GetRawText();
        return new($"'{name}' in {_what} must be {expected}, but is {(raw.Length > 100 ? raw[..100] + "…" : raw)}.");
    }
}

/// <summary>A parameter is absent or of the wrong type.</summary>
public sealed class ScriptParameterException : Exception
{
    /// <summary>With a standard message.</summary>
    public ScriptParameterException()
        : this("A parameter is absent or of the wrong type.")
    {
    }

    /// <summary>With a message.</summary>
    public ScriptParameterException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and a cause.</summary>
    public ScriptParameterException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
