using EventMl.Arrow.Types;

namespace EventMl.Arrow.Format;

/// <summary>Schemas to and from the FlatBuffer tables Schema, Field and KeyValue.</summary>
internal static class SchemaCodec
{
    private const int MaxDepth = 64;
    private const int MaxFields = 65_536;
    private const long FeatureReplacement = 1;
    private const long FeatureCompression = 2;

    /// <summary>Writes a schema; dictionaries get the numbers 0, 1, … in pre-order, as <see cref="DictionaryWalk"/> counts them.</summary>
    public static int Write(FlatBufferWriter writer, ArrowSchema schema, bool isCompressed, bool mayReplace)
    {
        var dictionaries = 0L;
        var fields = writer.OffsetVector(WriteFields(writer, schema.Fields, ref dictionaries));
        var metadata = WriteMetadata(writer, schema.Metadata);
        List<long> features = [];
        if (mayReplace && dictionaries > 0)
            features.Add(FeatureReplacement);
        if (isCompressed)
            features.Add(FeatureCompression);
        var featureVector = features.Count == 0 ? 0 : writer.StructVector(features, 1);
        writer.StartTable(4);
        writer.Reference(1, fields);
        writer.Reference(2, metadata);
        writer.Reference(3, featureVector);
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

    /// <summary>The field of the values of every dictionary, by its number in the file.</summary>
    /// <exception cref="ArrowFormatException">One number stands for values of different types.</exception>
    public static Dictionary<long, ArrowField> DictionaryFields(ArrowSchema schema)
    {
        var fields = new Dictionary<long, ArrowField>();
        foreach (var field in schema.Fields)
            Collect(field.Type, fields);
        return fields;
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

    private static void Collect(ArrowType type, Dictionary<long, ArrowField> fields)
    {
        if (type.Kind == ArrowKind.Dictionary && !fields.TryAdd(type.DictionaryId, type.Children[1]) && !fields[type.DictionaryId].Type.Equals(type.Children[1].Type))
            throw new ArrowFormatException($"Dictionary {type.DictionaryId} stands for values of {fields[type.DictionaryId].Type} and of {type.Children[1].Type}.");
        foreach (var child in type.Children)
            Collect(child.Type, fields);
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
        var type = TypeLayout.Read(name, field.Int8(2), parameters, children);
        if (field.Table(4) is { } dictionary)
            type = ReadDictionary(name, dictionary, type);
        return new ArrowField(name, type, field.Int8(1) != 0, ReadMetadata(field, 6));
    }

    private static ArrowType ReadDictionary(string name, FlatBufferTable dictionary, ArrowType value)
    {
        if (dictionary.Int16(3) != 0)
            throw new ArrowFormatException($"Field '{name}' has a dictionary of kind {dictionary.Int16(3)}; only dense ones exist.");
        const byte IntegerCode = 2;
        var index = dictionary.Table(1) is { } integer ? TypeLayout.Read(name, IntegerCode, integer, []) : ArrowType.Of(ArrowKind.Int32);
        return ArrowType.Dictionary(dictionary.Int64(0), index, value, dictionary.Int8(2) != 0);
    }

    private static List<int> WriteFields(FlatBufferWriter writer, IReadOnlyList<ArrowField> fields, ref long dictionaries)
    {
        var offsets = new List<int>(fields.Count);
        foreach (var field in fields)
            offsets.Add(WriteField(writer, field, ref dictionaries));
        return offsets;
    }

    private static int WriteField(FlatBufferWriter writer, ArrowField field, ref long dictionaries)
    {
        var type = field.Type;
        var encoding = 0;
        if (type.Kind == ArrowKind.Dictionary)
        {
            encoding = WriteDictionary(writer, type, dictionaries++);
            type = type.Children[1].Type;
            if (type.Kind == ArrowKind.Dictionary)
                throw new NotSupportedException($"Field '{field.Name}' is a dictionary of a dictionary, which Arrow cannot express.");
        }

        var children = writer.OffsetVector(WriteFields(writer, type.Children, ref dictionaries));
        var name = writer.String(field.Name);
        var table = type.Layout.Write(writer, type);
        var metadata = WriteMetadata(writer, field.Metadata);
        writer.StartTable(7);
        writer.Reference(0, name);
        writer.Reference(3, table);
        writer.Reference(4, encoding);
        writer.Reference(5, children);
        writer.Reference(6, metadata);
        writer.Int8(1, field.Nullable ? (byte)1 : (byte)0);
        writer.Int8(2, type.Layout.Code);
        return writer.EndTable();
    }

    private static int WriteDictionary(FlatBufferWriter writer, ArrowType type, long id)
    {
        var index = type.Children[0].Type;
        var table = index.Layout.Write(writer, index);
        writer.StartTable(4);
        writer.Int64(0, id);
        writer.Reference(1, table);
        writer.Int8(2, type.IsSorted ? (byte)1 : (byte)0);
        return writer.EndTable();
    }
}
