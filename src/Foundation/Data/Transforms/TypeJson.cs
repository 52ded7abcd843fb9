using System.Text.Json;
using System.Text.Json.Nodes;
using EventMl.Arrow;

namespace EventMl.Data.Transforms;

/// <summary>The types of a pipeline's columns as JSON.</summary>
internal static class TypeJson
{
    private const int MaxSize = 1 << 26;

    public static JsonObject Write(ArrowType type)
    {
        var json = new JsonObject { ["kind"] = type.Kind.ToString() };
        switch (type.Kind)
        {
            case ArrowKind.FixedSizeList:
                json["size"] = type.Size;
                json["item"] = Write(type.Children[0].Type);
                break;
            case ArrowKind.FixedSizeBinary:
                json["size"] = type.Size;
                break;
            case ArrowKind.Dictionary:
                json["index"] = Write(type.Children[0].Type);
                json["value"] = Write(type.Children[1].Type);
                break;
            case ArrowKind.Timestamp:
                json["unit"] = type.Unit.ToString();
                json["zone"] = type.TimeZone;
                break;
            case ArrowKind.Decimal32 or ArrowKind.Decimal64 or ArrowKind.Decimal128 or ArrowKind.Decimal256:
                json["precision"] = type.Precision;
                json["scale"] = type.Scale;
                break;
        }

        return json;
    }

    public static ArrowType Read(JsonElement json)
    {
        if (!Enum.TryParse<ArrowKind>(json.GetProperty("kind").GetString(), out var kind) || !Enum.IsDefined(kind))
            throw new TransformException($"The fitted pipeline has a column of the unknown type {json}.");
        if (json.TryGetProperty("size", out var size) && size.GetInt32() > MaxSize)
            throw new TransformException($"The fitted pipeline has a column of {size} numbers in a row; at most {MaxSize} are possible.");
        return kind switch
        {
            ArrowKind.FixedSizeList => ArrowType.FixedSizeList(Read(json.GetProperty("item")), json.GetProperty("size").GetInt32()),
            ArrowKind.FixedSizeBinary => ArrowType.FixedSizeBinary(json.GetProperty("size").GetInt32()),
            ArrowKind.Dictionary => ArrowType.Dictionary(Read(json.GetProperty("value")), Read(json.GetProperty("index")).Kind),
            ArrowKind.Timestamp => ArrowType.Timestamp(Enum.Parse<ArrowTimeUnit>(json.GetProperty("unit").GetString()!), json.GetProperty("zone").GetString()),
            ArrowKind.Decimal32 or ArrowKind.Decimal64 or ArrowKind.Decimal128 or ArrowKind.Decimal256 =>
                ArrowType.Decimal(json.GetProperty("precision").GetInt32(), json.GetProperty("scale").GetInt32(), kind),
            _ => ArrowType.Of(kind),
        };
    }
}
