using System.Text.Json;
using System.Text.Json.Nodes;

namespace EventMl.Data.Transforms.Definitions;

/// <summary>Reads a step's parameters by name and type; what nobody asked for is refused in the end.</summary>
internal sealed class StepParameters(string place, JsonObject values)
{
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    public TransformException Error(string message) => new($"{place}: {message}");

    /// <summary>Marks a parameter as known.</summary>
    public JsonNode? Consume(string name)
    {
        _read.Add(name);
        return values[name];
    }

    public bool Has(string name) => values[name] is not null;

    public string Text(string name, string fallback) => Consume(name) switch
    {
        null => fallback,
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        var other => throw Error($"'{name}' is {other.ToJsonString()}; write a text."),
    };

    /// <summary>One of a few words; the first is the default.</summary>
    public string Choice(string name, params ReadOnlySpan<string> choices)
    {
        var value = Text(name, choices[0]);
        return choices.Contains(value) ? value : throw Error($"'{name}' is '{value}'; it is one of {string.Join(", ", choices)}.");
    }

    public bool Flag(string name, bool fallback) => Consume(name) switch
    {
        null => fallback,
        JsonValue value when value.GetValueKind() is JsonValueKind.True or JsonValueKind.False => value.GetValue<bool>(),
        var other => throw Error($"'{name}' is {other.ToJsonString()}; write true or false."),
    };

    public double Number(string name, double fallback, double min = double.MinValue, double max = double.MaxValue) =>
        Consume(name) is { } node ? Check(name, node, min, max) : fallback;

    public double? Number(string name) => Consume(name) is { } node ? Check(name, node, double.MinValue, double.MaxValue) : null;

    public int Count(string name, int fallback, int min, int max) => Consume(name) is { } node
        ? Check(name, node, min, max) is var number && Math.Floor(number) == number ? (int)number : throw Error($"'{name}' is {number}; write a whole number.")
        : fallback;

    public int? Count(string name, int min) => Has(name) ? Count(name, 0, min, int.MaxValue) : null;

    /// <summary>Numbers of which there must be <paramref name="size"/>; any number of them where it is 0.</summary>
    public IReadOnlyList<double>? Numbers(string name, int size)
    {
        if (Consume(name) is not { } node)
            return null;
        if (node is not JsonArray list || (size > 0 && list.Count != size))
            throw Error($"'{name}' is {node.ToJsonString()}; write a list of {(size > 0 ? $"{size} " : "")}numbers.");
        return [.. list.Select(item => Check(name, item, double.MinValue, double.MaxValue))];
    }

    public IReadOnlyList<string>? Texts(string name)
    {
        if (Consume(name) is not { } node)
            return null;
        if (node is not JsonArray list || list.Any(item => item?.GetValueKind() != JsonValueKind.String))
            throw Error($"'{name}' is {node.ToJsonString()}; write a list of texts.");
        return [.. list.Select(item => item!.GetValue<string>())];
    }

    public void RefuseUnread()
    {
        if (values.Select(p => p.Key).FirstOrDefault(key => !_read.Contains(key)) is { } unknown)
            throw Error($"there is no parameter '{unknown}'; there are {string.Join(", ", _read.Order(StringComparer.Ordinal))}.");
    }

    private double Check(string name, JsonNode? node, double min, double max)
    {
        if (node?.GetValueKind() != JsonValueKind.Number)
            throw Error($"'{name}' is {node?.ToJsonString() ?? "null"}; write a number.");
        // A node that was built from YAML holds a long or a double, one that was parsed from JSON either.
        var number = double.Parse(node.ToJsonString());
        if (number >= min && number <= max)
            return number;
        var range = max is double.MaxValue or int.MaxValue ? $"{min} or more" : $"from {min} to {max}";
        throw Error($"'{name}' is {number}; it must be {range}.");
    }
}
