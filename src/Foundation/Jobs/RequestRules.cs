using System.Text.Json;
using System.Text.RegularExpressions;
using EventMl.Contracts;

namespace EventMl.Jobs;

/// <summary>Checks shared by the doors of all tasks; each answers null or the refusal.</summary>
public static partial class RequestRules
{
    /// <summary>Longest time limit, in seconds: 30 days.</summary>
    public const int MaxTimeoutSeconds = 30 * 24 * 3600;

    /// <summary>Longest name, in characters.</summary>
    public const int MaxNameLength = 128;

    /// <summary>The field must be a name: letters, digits, <c>_ . -</c>, at most 128, beginning with a letter or digit.</summary>
    public static Refusal? Name(string field, string? value) =>
        string.IsNullOrEmpty(value) ? Invalid($"'{field}' is missing; give a name such as \"mnist_clean\".")
        : !NamePattern().IsMatch(value) || value.Contains("..", StringComparison.Ordinal)
            ? Invalid($"'{field}' must be 1 to 128 letters, digits, '_', '.' or '-', beginning with a letter or digit.")
            : null;

    /// <summary>The field, when given, must be usable as an id.</summary>
    public static Refusal? OptionalId(string field, string? value) => value is null ? null : Name(field, value);

    /// <summary>The field must not be empty.</summary>
    public static Refusal? Present(string field, string? value) =>
        string.IsNullOrWhiteSpace(value) ? Invalid($"'{field}' is missing.") : null;

    /// <summary>Parameters must be a JSON object of reasonable size (1 MiB).</summary>
    public static Refusal? Params(JsonElement? value) => value switch
    {
        null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => null,
        { ValueKind: not JsonValueKind.Object } => Invalid("'params' must be a JSON object such as {\"epochs\": 3}."),
        { } v when v.GetRawText().Length > 1 << 20 => Invalid("'params' is larger than 1 MiB; put large data into a dataset and name it."),
        _ => null,
    };

    /// <summary>The time limit must lie between a second and 30 days.</summary>
    public static Refusal? Timeout(int? seconds) =>
        seconds is < 1 or > MaxTimeoutSeconds ? Invalid($"'timeout_seconds' must be between 1 and {MaxTimeoutSeconds}.") : null;

    /// <summary>The code of a cancellation must be one that ends tasks.</summary>
    public static Refusal? CancelCode(string? code) =>
        code is null or ErrorCodes.TaskCancelled or ErrorCodes.TaskTimedOut ? null : Invalid($"'code' must be {ErrorCodes.TaskCancelled} or {ErrorCodes.TaskTimedOut}.");

    /// <summary>The parameters, or an empty object.</summary>
    public static JsonElement ParamsOrEmpty(JsonElement? value) =>
        value is { ValueKind: JsonValueKind.Object } v ? v.Clone() : EmptyObject;

    /// <summary>The JSON value <c>{}</c>.</summary>
    public static JsonElement EmptyObject { get; } = JsonSerializer.SerializeToElement(new Dictionary<string, string>(StringComparer.Ordinal));

    /// <summary>A refusal of the request itself.</summary>
    public static Refusal Invalid(string message) => new(ErrorCodes.InvalidRequest, message);

    /// <summary>Splits <c>name</c> or <c>name@version</c>; null when the version is not a number from 1.</summary>
    public static (string Name, long? Version)? Reference(string text)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        return at < 0 ? (text, null)
            : long.TryParse(text.AsSpan(at + 1), out var version) && version > 0 ? (text[..at], version)
            : null;
    }

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NamePattern();
}
