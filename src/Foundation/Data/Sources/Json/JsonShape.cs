using System.Text.Json;
using EventMl.Arrow;

namespace EventMl.Data.Sources.Json;

/// <summary>What the sampled values of one field look like, and the Arrow type that holds them all.</summary>
internal sealed class JsonShape
{
    private readonly Dictionary<string, JsonShape> _fields = new(StringComparer.Ordinal);
    private readonly List<string> _names = [];
    private Kinds _kinds;
    private JsonShape? _item;

    [Flags]
    private enum Kinds
    {
        None = 0,
        Bool = 1,
        Integer = 2,
        Real = 4,
        Text = 8,
        Map = 16,
        List = 32,
    }

    public IEnumerable<(string Name, JsonShape Shape)> Fields => _names.Select(n => (n, _fields[n]));

    public bool IsOnlyObjects => _kinds == Kinds.Map && _names.Count > 0;

    /// <summary>Takes the value that the reader stands on, and leaves it at the value's end.</summary>
    public void Observe(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.True or JsonTokenType.False:
                _kinds |= Kinds.Bool;
                break;
            case JsonTokenType.Number:
                _kinds |= reader.TryGetInt64(out _) ? Kinds.Integer : Kinds.Real;
                break;
            case JsonTokenType.String:
                _kinds |= Kinds.Text;
                break;
            case JsonTokenType.StartArray:
                _kinds |= Kinds.List;
                _item ??= new JsonShape();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    _item.Observe(ref reader);
                }

                break;
            case JsonTokenType.StartObject:
                _kinds |= Kinds.Map;
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var name = reader.GetString()!;
                    reader.Read();
                    Field(name).Observe(ref reader);
                }

                break;
        }
    }

    /// <summary>The narrowest type; values of several kinds become text, that of anything but a text being its JSON.</summary>
    public ArrowType Type() => _kinds switch
    {
        Kinds.Bool => ArrowType.Of(ArrowKind.Bool),
        Kinds.Integer => ArrowType.Of(ArrowKind.Int64),
        Kinds.Real or Kinds.Integer | Kinds.Real => ArrowType.Of(ArrowKind.Float64),
        Kinds.List => ArrowType.List(_item!.Type()),
        Kinds.Map when _names.Count > 0 => ArrowType.Struct([.. Fields.Select(f => new ArrowField(f.Name, f.Shape.Type()))]),
        _ => ArrowType.Of(ArrowKind.Utf8),
    };

    private JsonShape Field(string name)
    {
        if (!_fields.TryGetValue(name, out var field))
        {
            _fields[name] = field = new JsonShape();
            _names.Add(name);
        }

        return field;
    }
}
