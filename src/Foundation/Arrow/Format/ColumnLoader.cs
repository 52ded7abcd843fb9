using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace EventMl.Arrow.Format;

/// <summary>Makes checked columns of a batch's buffers: after it, no accessor can leave its buffer.</summary>
internal sealed class ColumnLoader(BatchHeader header, IReadOnlyDictionary<long, BatchHeader> dictionaries)
{
    private const int MaxDepth = 64;
    private int _depth;
    private BufferReader _reader = new(header);

    private ColumnLoader(BatchHeader header, IReadOnlyDictionary<long, BatchHeader> dictionaries, int depth)
        : this(header, dictionaries) => _depth = depth;

    /// <summary>Column <paramref name="index"/> of the schema, touching only its own bytes.</summary>
    public static Column Load(BatchHeader header, IReadOnlyDictionary<long, BatchHeader> dictionaries, ArrowSchema schema, int index)
    {
        var loader = new ColumnLoader(header, dictionaries);
        for (var i = 0; i < index; i++)
            loader._reader.Skip(schema.Fields[i].Type);
        var column = loader.Load(schema.Fields[index]);
        return column.Length == header.Length
            ? column
            : throw new ArrowFormatException($"{header.Where} has {header.Length} rows; its column '{column.Field.Name}' has {column.Length}.");
    }

    private Column Load(ArrowField field)
    {
        if (++_depth > MaxDepth)
            throw Bad($"column '{field.Name}' nests deeper than {MaxDepth} levels");
        var column = LoadHere(field);
        _depth--;
        return column;
    }

    private Column LoadHere(ArrowField field)
    {
        var type = field.Type;
        if (type.Kind == ArrowKind.Dictionary)
            return LoadDictionary(field);
        var (length, nulls) = _reader.NextNode();
        if (type.Kind == ArrowKind.Null)
            return new NullColumn(field, length);
        var validity = LoadValidity(field, length, ref nulls);
        switch (type.Kind)
        {
            case ArrowKind.Bool:
                return new BoolColumn(field, length, nulls, validity, _reader.Next(((long)length + 7) / 8, field));
            case ArrowKind.Utf8:
                return new Utf8Column(field, length, nulls, validity, LoadOffsets32(field, length));
            case ArrowKind.Binary:
                return new BinaryColumn(field, length, nulls, validity, LoadOffsets32(field, length));
            case ArrowKind.LargeUtf8:
                return new Utf8Column(field, length, nulls, validity, LoadOffsets64(field, length));
            case ArrowKind.LargeBinary:
                return new BinaryColumn(field, length, nulls, validity, LoadOffsets64(field, length));
            case ArrowKind.Utf8View:
                return new Utf8Column(field, length, nulls, validity, LoadViews(field, length, validity));
            case ArrowKind.BinaryView:
                return new BinaryColumn(field, length, nulls, validity, LoadViews(field, length, validity));
            case ArrowKind.FixedSizeBinary:
                return new FixedSizeBinaryColumn(field, length, nulls, validity, _reader.Next((long)length * type.Size, field));
            case ArrowKind.FixedSizeList:
                var items = Load(type.Children[0]);
                if (items.Length != (long)length * type.Size)
                    throw Bad($"column '{field.Name}' has {length} rows of {type.Size} items but {items.Length} items");
                return new FixedSizeListColumn(field, length, nulls, validity, items);
            case ArrowKind.List or ArrowKind.LargeList:
                return LoadList(field, length, nulls, validity);
            case ArrowKind.Struct:
                var children = new List<Column>(type.Children.Count);
                foreach (var child in type.Children)
                {
                    children.Add(Load(child));
                    if (children[^1].Length != length)
                        throw Bad($"column '{field.Name}' has {length} rows; its field '{child.Name}' has {children[^1].Length}");
                }

                return new StructColumn(field, length, nulls, validity, children);
            default:
                return LoadPrimitive(field, length, nulls, validity);
        }
    }

    private PrimitiveColumn LoadPrimitive(ArrowField field, int length, int nulls, ReadOnlyMemory<byte> validity) =>
        new(field, length, nulls, validity, _reader.Next((long)length * field.Type.ByteWidth, field));

    private ReadOnlyMemory<byte> LoadValidity(ArrowField field, int length, ref int nulls)
    {
        if (nulls == 0)
        {
            _ = _reader.Next(0, field);
            return default;
        }

        var validity = _reader.Next(((long)length + 7) / 8, field);
        var counted = Column.CountNulls(validity.Span, length);
        if (counted != nulls)
            throw Bad($"column '{field.Name}' claims {nulls} nulls; its validity bits say {counted}");
        return validity;
    }

    private Offsets32Layout LoadOffsets32(ArrowField field, int length)
    {
        var (offsets, last) = LoadOffsets<int>(field, length);
        return new Offsets32Layout(offsets, _reader.Next(last, field));
    }

    private Offsets64Layout LoadOffsets64(ArrowField field, int length)
    {
        var (offsets, last) = LoadOffsets<long>(field, length);
        return new Offsets64Layout(offsets, _reader.Next(last, field));
    }

    private ListColumn LoadList(ArrowField field, int length, int nulls, ReadOnlyMemory<byte> validity)
    {
        var (offsets, last) = field.Type.Kind == ArrowKind.List ? LoadOffsets<int>(field, length) : LoadOffsets<long>(field, length);
        var items = Load(field.Type.Children[0]);
        if (items.Length < last)
            throw Bad($"column '{field.Name}' refers to {last} items; there are {items.Length}");
        return new ListColumn(field, length, nulls, validity, offsets, items);
    }

    private unsafe (ReadOnlyMemory<byte> Offsets, long Last) LoadOffsets<T>(ArrowField field, int length)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (length == 0)
        {
            // Writers may leave out the single offset of an empty column.
            _ = _reader.Next(0, field);
            return (default, 0);
        }

        var bytes = _reader.Next(((long)length + 1) * sizeof(T), field);
        var offsets = MemoryMarshal.Cast<byte, T>(bytes.Span);
        var previous = T.Zero;
        for (var i = 0; i < offsets.Length; i++)
        {
            if (offsets[i] < previous)
                throw Bad($"the offsets of column '{field.Name}' fall from {previous} to {offsets[i]} at row {Math.Max(0, i - 1)}");
            previous = offsets[i];
        }

        return (bytes, long.CreateChecked(previous));
    }

    private ViewLayout LoadViews(ArrowField field, int length, ReadOnlyMemory<byte> validity)
    {
        var views = _reader.Next((long)length * ViewLayout.ViewSize, field);
        var data = new ReadOnlyMemory<byte>[_reader.NextVariadic()];
        for (var i = 0; i < data.Length; i++)
            data[i] = _reader.Next(null, field);
        for (var row = 0; row < length; row++)
        {
            if (!validity.IsEmpty && (validity.Span[row >> 3] & (1 << (row & 7))) == 0)
                continue;
            var view = views.Span.Slice(row * ViewLayout.ViewSize, ViewLayout.ViewSize);
            var size = BinaryPrimitives.ReadInt32LittleEndian(view);
            var buffer = BinaryPrimitives.ReadInt32LittleEndian(view[8..]);
            var offset = BinaryPrimitives.ReadInt32LittleEndian(view[12..]);
            if (size < 0 || (size > ViewLayout.InlineLimit && ((uint)buffer >= (uint)data.Length || offset < 0 || (long)offset + size > data[buffer].Length)))
                throw Bad($"row {row} of column '{field.Name}' refers outside its data buffers");
        }

        return new ViewLayout(views, data);
    }

    private DictionaryColumn LoadDictionary(ArrowField field)
    {
        var (indexField, valueField) = (field.Type.Children[0], field.Type.Children[1]);
        if (!dictionaries.TryGetValue(field.Type.DictionaryId, out var values))
            throw Bad($"column '{field.Name}' uses dictionary {field.Type.DictionaryId}, which the file does not contain");
        var (length, nulls) = _reader.NextNode();
        var validity = LoadValidity(field, length, ref nulls);
        var indices = LoadPrimitive(indexField, length, nulls, validity);
        var dictionary = new ColumnLoader(values, dictionaries, _depth).Load(valueField);
        for (var row = 0; row < length; row++)
        {
            if (!indices.IsNull(row) && DictionaryColumn.IndexAt(indices, row) is var index && (index < 0 || index >= dictionary.Length))
                throw Bad($"row {row} of column '{field.Name}' means entry {index} of a dictionary of {dictionary.Length}");
        }

        return new DictionaryColumn(field, indices, dictionary);
    }

    private ArrowFormatException Bad(string what) => new($"{header.Where}: {what}.");
}
