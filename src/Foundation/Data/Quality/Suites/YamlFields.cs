using System.Globalization;

namespace EventMl.Data.Quality;

/// <summary>The keys of one mapping, taken one by one; what was not taken is an error.</summary>
internal sealed class YamlFields
{
    private readonly YamlNode _node;
    private readonly string _what;
    private readonly Dictionary<string, YamlNode> _left = new(StringComparer.Ordinal);
    private readonly List<string> _known = [];

    public YamlFields(YamlNode node, string what)
    {
        (_node, _what) = (node, what);
        foreach (var (key, value) in node.Pairs ?? throw node.Error($"{what} must be 'key: value' pairs."))
            _left.Add(key.Scalar!, value);
    }

    public QualitySuiteException Error(string message) => _node.Error($"{_what}: {message}");

    public YamlNode? Take(string key)
    {
        _known.Add(key);
        return _left.Remove(key, out var node) ? node : null;
    }

    public YamlNode Need(string key, string example) => Take(key) ?? throw Error($"'{key}' is missing; write for instance '{key}: {example}'.");

    public string? Text(string key) => Take(key) is { } node ? TextOf(key, node) : null;

    public string NeedText(string key, string example) => TextOf(key, Need(key, example));

    public double? Number(string key) => Take(key) is { } node ? NumberOf(key, node) : null;

    public bool Flag(string key) => Take(key) is { } node && (node.Scalar switch
    {
        "true" => true,
        "false" => false,
        _ => throw node.Error($"'{key}' is 'true' or 'false', not '{node.Scalar}'."),
    });

    public T Choice<T>(string key, T otherwise)
        where T : struct, Enum => Take(key) is { } node ? ChoiceOf<T>(key, node) : otherwise;

    public IReadOnlyList<string>? Texts(string key) => Take(key) is { } node ? TextsOf(key, node) : null;

    public static IReadOnlyList<string> TextsOf(string key, YamlNode node) => node.Items is { Count: > 0 } items
        ? [.. items.Select(i => TextOf(key, i))]
        : throw node.Error($"'{key}' must be a list with at least one entry, such as [a, b].");

    public static IReadOnlyList<(YamlNode Key, YamlNode Value)> PairsOf(string key, YamlNode node, string example) => node.Pairs is { Count: > 0 } pairs
        ? pairs
        : throw node.Error($"'{key}' must be 'column: value' pairs, such as {example}.");

    public static string TextOf(string key, YamlNode node) => node.Scalar is { Length: > 0 } text ? text : throw node.Error($"'{key}' must be a plain value.");

    public static T ChoiceOf<T>(string key, YamlNode node)
        where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
        {
            if (Words.Of(value) == node.Scalar)
                return value;
        }

        throw node.Error($"'{key}' is '{node.Scalar}'; allowed are {string.Join(", ", Enum.GetValues<T>().Select(v => Words.Of(v)))}.");
    }

    /// <summary>Fails where a key is left that nobody asked for.</summary>
    public void Done()
    {
        foreach (var (key, node) in _left)
            throw node.Error($"{_what}: unknown key '{key}'; allowed are {string.Join(", ", _known)}.");
    }

    private static double NumberOf(string key, YamlNode node) =>
        double.TryParse(node.Scalar, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : throw node.Error($"'{key}' is '{node.Scalar}'; write a number such as 0.5.");
}

/// <summary>The words of enums in files: snake_case.</summary>
internal static class Words
{
    public static string Of<T>(T value)
        where T : struct, Enum => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
