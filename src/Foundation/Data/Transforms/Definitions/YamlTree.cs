using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace EventMl.Data.Transforms.Definitions;

/// <summary>Reads YAML, and JSON with it, as a tree; read event by event so that no alias, depth or size can do harm.</summary>
internal sealed class YamlTree
{
    /// <summary>Longest definition in characters.</summary>
    public const int MaxLength = 1 << 20;

    private const int MaxDepth = 16;
    private readonly Parser _yaml;

    private YamlTree(string text) => _yaml = new Parser(new StringReader(text));

    /// <exception cref="TransformException">The text is not one YAML document.</exception>
    public static JsonNode? Parse(string text)
    {
        if (text.Length > MaxLength)
            throw new TransformException($"A pipeline definition has at most {MaxLength} characters; this one has {text.Length}.");
        try
        {
            return new YamlTree(text).Document();
        }
        catch (YamlException e)
        {
            throw new TransformException($"line {e.Start.Line}: this is neither YAML nor JSON: {e.Message}", e);
        }
    }

    private JsonNode? Document()
    {
        _yaml.Consume<StreamStart>();
        if (!_yaml.TryConsume<DocumentStart>(out _))
            throw new TransformException($"The definition is empty; begin with 'transforms: {PipelineDefinition.Format}'.");
        var root = Node(0);
        _yaml.Consume<DocumentEnd>();
        return _yaml.Accept<StreamEnd>(out _) ? root : throw At(_yaml.Current!, "a second document begins; keep one pipeline per file.");
    }

    private JsonNode? Node(int depth)
    {
        if (depth > MaxDepth)
            throw At(_yaml.Current!, $"more than {MaxDepth} levels of nesting.");
        if (_yaml.TryConsume<SequenceStart>(out _))
        {
            var items = new JsonArray();
            while (!_yaml.TryConsume<SequenceEnd>(out _))
                items.Add(Node(depth + 1));
            return items;
        }

        if (_yaml.TryConsume<MappingStart>(out _))
            return Mapping(depth);
        return _yaml.TryConsume<Scalar>(out var scalar) ? Value(scalar) : throw At(_yaml.Current!, "anchors and aliases are not used here; write the value out.");
    }

    private JsonObject Mapping(int depth)
    {
        var mapping = new JsonObject();
        while (!_yaml.TryConsume<MappingEnd>(out _))
        {
            if (!_yaml.TryConsume<Scalar>(out var key))
                throw At(_yaml.Current!, "a key must be a plain word.");
            if (mapping.ContainsKey(key.Value))
                throw At(key, $"'{key.Value}' is given twice.");
            mapping.Add(key.Value, Node(depth + 1));
        }

        return mapping;
    }

    private static JsonValue? Value(Scalar scalar)
    {
        var text = scalar.Value;
        if (scalar.Style != ScalarStyle.Plain)
            return JsonValue.Create(text);
        return text switch
        {
            "" or "~" or "null" => null,
            "true" => JsonValue.Create(true),
            "false" => JsonValue.Create(false),
            _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer) => JsonValue.Create(integer),
            _ when char.IsAsciiDigit(text[^1]) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => JsonValue.Create(number),
            _ => JsonValue.Create(text),
        };
    }

    private static TransformException At(ParsingEvent place, string message) => new($"line {place.Start.Line}: {message}");
}
