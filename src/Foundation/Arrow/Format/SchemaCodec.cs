namespace EventMl.Arrow.Format;

/// <summary>Schemas to and from the FlatBuffer tables Schema, Field, Type and KeyValue.</summary>
internal static class SchemaCodec
{
    private const int MaxDepth = 64;
    private const int MaxFields = 65_536;

    private static readonly string[] s_typeNames =
    [
        "none", "null", "int", "floating point", "binary", "utf8", "bool", "decimal", "date", "time", "timestamp", "interval", "list", "struct", "union",
        "fixed size binary", "fixed size list", "map", "duration", "large binary", "large utf8", "large list", "run end encoded", "binary view",
        "utf8 view", "list view", "large list view",
    ];

    public static int Write(FlatBufferWriter writer, ArrowSchema schema)
    {
        var fields = writer.OffsetVector(schema.Fields.Select(f => WriteField(writer, f)).ToList());
        var metadata = WriteMetadata(writer, schema.Metadata);
        writer.StartTable(4);
        writer.Reference(1, fields);
        writer.Reference(2, metadata);
        return writer.EndTable();
    }

    public static int WriteMetadata(FlatBufferWriter writer, IReadOnlyDictionary<string, string> metadata) =>
        metadata.Count == 0
            ? 0
            : writer.OffsetVector(metadata.Select(pair =>
            {
                var key = writer.String(pair.Key);
                var value = writer.String(pair.Value);
                writer.StartTable(2);
                writer.Reference(0, key);
                writer.Reference(1, value);
                return writer.EndTable();
            }).ToList());

    public static ArrowSchema Read(FlatBufferTable table)
    {
        if (table.Int16(0) != 0)
            throw new ArrowFormatException("Big-endian Arrow data are not supported; write them on a little-endian machine.");
        var budget = MaxFields;
        var fields = new ArrowField[table.Count(1, 4)];
        for (var i = 0; i < fields.Length; i++)
            fields[i] = ReadField(table.Item(1, i), 0, ref budget);
        return new ArrowSchema(fields, ReadMetadata(table, 2));
    }

    public static Dictionary<string, string> ReadMetadata(FlatBufferTable table, int slot)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        var count = table.Count(slot, 4);
        for (var i = 0; i < count; i++)
        {
            var pair = table.Item(slot, i);
            pairs[pair.Text(0) ?? ""] = pair.Text(1) ?? "";
        }

        return pairs;
    }

    private static ArrowField ReadField(FlatBufferTable field, int depth, ref int budget)
    {
        if (depth > MaxDepth)
            throw new ArrowFormatException($"The schema nests deeper than {MaxDepth} levels.");
        if (--budget < 0)
            throw new ArrowFormatException($"The schema has more than {MaxFields} fields.");
        var name = field.Text(0) ?? "";
        var children = new ArrowField[field.Count(5, 4)];
        for (var i = 0; i < children.Length; i++)
            children[i] = ReadField(field.Item(5, i), depth + 1, ref budget);
        if (field.Table(3) is not { } parameters)
            throw new ArrowFormatException($"Field '{name}' has no type.");
        var type = ReadType(name, field.Int8(2), parameters, children);
        if (field.Table(4) is { } dictionary)
        {
            var index = dictionary.Table(1) is { } i ? ReadInt(name, i) : ArrowType.Of(ArrowKind.Int32);
            type = ArrowType.Dictionary(dictionary.Int64(0), index, type);
        }

        return new ArrowField(name, type, field.Int8(1) != 0, ReadMetadata(field, 6));
    }

    private static ArrowType ReadType(string name, byte code, FlatBufferTable p, ArrowField[] children)
    {
        switch (code)
        {
            case 1: return ArrowType.Of(ArrowKind.Null);
            case 2: return ReadInt(name, p);
            case 3: return ArrowType.Of(Choose(name, "precision", p.Int16(0), ArrowKind.Float16, ArrowKind.Float32, ArrowKind.Float64));
            case 4: return ArrowType.Of(ArrowKind.Binary);
            case 5: return ArrowType.Of(ArrowKind.Utf8);
            case 6: return ArrowType.Of(ArrowKind.Bool);
            case 8 when p.Int16(0, 1) == 0: return ArrowType.Of(ArrowKind.Date32);
            case 10: return ArrowType.Timestamp(Choose(name, "time unit", p.Int16(0), Enum.GetValues<ArrowTimeUnit>()), p.Text(1));
            case 12: return ArrowType.List(OnlyChild(name, children));
            case 13: return ArrowType.Struct(children);
            case 15: return ArrowType.FixedSizeBinary(Size(name, p.Int32(0)));
            case 16: return ArrowType.FixedSizeList(OnlyChild(name, children), Size(name, p.Int32(0)));
            case 19: return ArrowType.Of(ArrowKind.LargeBinary);
            case 20: return ArrowType.Of(ArrowKind.LargeUtf8);
            case 21: return ArrowType.LargeList(OnlyChild(name, children));
            case 23: return ArrowType.Of(ArrowKind.BinaryView);
            case 24: return ArrowType.Of(ArrowKind.Utf8View);
            case 8: throw Unsupported(name, "date64");
            default: throw Unsupported(name, code < s_typeNames.Length ? s_typeNames[code] : $"number {code}");
        }
    }

    private static ArrowFormatException Unsupported(string field, string type) =>
        new($"Field '{field}' has the Arrow type '{type}', which is not supported; cast the column before writing the file.");

    private static ArrowType ReadInt(string name, FlatBufferTable p) => ArrowType.Of((p.Int32(0), p.Int8(1) != 0) switch
    {
        (8, true) => ArrowKind.Int8,
        (16, true) => ArrowKind.Int16,
        (32, true) => ArrowKind.Int32,
        (64, true) => ArrowKind.Int64,
        (8, false) => ArrowKind.UInt8,
        (16, false) => ArrowKind.UInt16,
        (32, false) => ArrowKind.UInt32,
        (64, false) => ArrowKind.UInt64,
        var (bits, _) => throw new ArrowFormatException($"Field '{name}' is an integer of {bits} bits; 8, 16, 32 and 64 are supported."),
    });

    private static T Choose<T>(string name, string what, int index, params T[] choices) => index >= 0 && index < choices.Length
        ? choices[index]
        : throw new ArrowFormatException($"Field '{name}' has an unknown {what} ({index}).");

    private static int Size(string name, int size) => size >= 0 ? size : throw new ArrowFormatException($"Field '{name}' has a negative size ({size}).");

    private static ArrowField OnlyChild(string name, ArrowField[] children) => children.Length == 1
        ? children[0]
        : throw new ArrowFormatException($"List field '{name}' has {children.Length} child fields; exactly 1 is expected.");

    private static int WriteField(FlatBufferWriter writer, ArrowField field)
    {
        var children = writer.OffsetVector(field.Type.Children.Select(c => WriteField(writer, c)).ToList());
        var name = writer.String(field.Name);
        var (code, type) = WriteType(writer, field);
        var metadata = WriteMetadata(writer, field.Metadata);
        writer.StartTable(7);
        writer.Reference(0, name);
        writer.Reference(3, type);
        writer.Reference(5, children);
        writer.Reference(6, metadata);
        writer.Int8(1, field.Nullable ? (byte)1 : (byte)0);
        writer.Int8(2, code);
        return writer.EndTable();
    }

    private static (byte Code, int Offset) WriteType(FlatBufferWriter writer, ArrowField field)
    {
        var type = field.Type;
        var zone = type.TimeZone is null ? 0 : writer.String(type.TimeZone);
        writer.StartTable(2);
        byte code;
        switch (type.Kind)
        {
            case ArrowKind.Int8 or ArrowKind.Int16 or ArrowKind.Int32 or ArrowKind.Int64:
                code = 2;
                writer.Int32(0, type.ByteWidth * 8);
                writer.Int8(1, 1);
                break;
            case ArrowKind.UInt8 or ArrowKind.UInt16 or ArrowKind.UInt32 or ArrowKind.UInt64:
                code = 2;
                writer.Int32(0, type.ByteWidth * 8);
                break;
            case ArrowKind.Float16 or ArrowKind.Float32 or ArrowKind.Float64:
                code = 3;
                writer.Int16(0, (short)(type.Kind - ArrowKind.Float16));
                break;
            case ArrowKind.Date32:
                code = 8;
                writer.Int16(0, 0, fallback: 1);
                break;
            case ArrowKind.Timestamp:
                code = 10;
                writer.Int16(0, (short)type.Unit);
                writer.Reference(1, zone);
                break;
            case ArrowKind.FixedSizeBinary or ArrowKind.FixedSizeList:
                code = type.Kind == ArrowKind.FixedSizeBinary ? (byte)15 : (byte)16;
                writer.Int32(0, type.Size);
                break;
            default:
                code = type.Kind switch
                {
                    ArrowKind.Null => 1,
                    ArrowKind.Binary => 4,
                    ArrowKind.Utf8 => 5,
                    ArrowKind.Bool => 6,
                    ArrowKind.List => 12,
                    ArrowKind.Struct => 13,
                    ArrowKind.LargeBinary => 19,
                    ArrowKind.LargeUtf8 => 20,
                    ArrowKind.LargeList => 21,
                    _ => throw new NotSupportedException($"Field '{field.Name}' of type {type} can be read but not written; convert it first."),
                };
                break;
        }

        return (code, writer.EndTable());
    }
}
