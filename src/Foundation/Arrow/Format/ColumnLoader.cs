using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EventMl.Arrow.Format;

/// <summary>
/// Hands a batch's nodes and buffers to the layouts of its types, one after the other, unpacked where the batch is compressed.
/// What it makes is checked: after it, no accessor of a column can leave its buffers.
/// </summary>
internal sealed class ColumnLoader(BatchHeader header, IReadOnlyDictionary<long, DictionaryGeneration> dictionaries, UnpackBudget budget)
{
    private int _node;
    private int _buffer;
    private int _variadic;

    /// <summary>Whether unions have a validity buffer, as they had before metadata version 5.</summary>
    public bool HasUnionValidity => header.Version < BatchHeader.VersionWithoutUnionValidity;

    /// <summary>Column <paramref name="index"/> of the schema, touching only its own bytes.</summary>
    public Column LoadColumn(ArrowSchema schema, int index)
    {
        for (var i = 0; i < index; i++)
            Skip(schema.Fields[i].Type);
        var column = Load(schema.Fields[index]);
        return column.Length == header.Length
            ? column
            : throw new ArrowFormatException($"{header.Where} has {header.Length} rows; its column '{column.Field.Name}' has {column.Length}.");
    }

    public Column Load(ArrowField field) => field.Type.Layout.Load(this, field);

    /// <summary>The children of a type whose children are as long as itself.</summary>
    public Column[] LoadChildren(ArrowField field, int length)
    {
        var children = new Column[field.Type.Children.Count];
        for (var i = 0; i < children.Length; i++)
        {
            children[i] = Load(field.Type.Children[i]);
            if (children[i].Length != length)
                throw Bad($"column '{field.Name}' has {length} rows; its field '{children[i].Field.Name}' has {children[i].Length}");
        }

        return children;
    }

    public (int Length, int Nulls) NextNode() => header.Node(_node++);

    public int NextVariadic() => header.Variadic(_variadic++);

    /// <summary>The next node and its validity.</summary>
    public Rows NextRows(ArrowField field)
    {
        var (length, nulls) = NextNode();
        if (nulls == 0)
        {
            _ = NextBuffer(0, field);
            return new Rows(length, 0, default);
        }

        var validity = NextBuffer(((long)length + 7) / 8, field);
        var counted = Rows.CountNulls(validity.Span, length);
        return counted == nulls
            ? new Rows(length, nulls, validity)
            : throw Bad($"column '{field.Name}' claims {nulls} nulls; its validity bits say {counted}");
    }

    /// <summary>The offsets of <paramref name="length"/> rows, which never fall, and the last one.</summary>
    public (ReadOnlyMemory<byte> Offsets, long Last) NextOffsets<T>(ArrowField field, int length)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (length == 0)
        {
            // Writers may leave out the single offset of an empty column.
            _ = NextBuffer(0, field);
            return (new byte[Unsafe.SizeOf<T>()], 0);
        }

        var bytes = NextBuffer(((long)length + 1) * Unsafe.SizeOf<T>(), field);
        var offsets = MemoryMarshal.Cast<byte, T>(bytes.Span);
        if (ArrowMath.FindFall(offsets) is var fall and >= 0)
            throw Bad($"the offsets of column '{field.Name}' fall from {(fall == 0 ? T.Zero : offsets[fall - 1])} to {offsets[fall]} at row {Math.Max(0, fall - 1)}");
        return (bytes, long.CreateChecked(offsets[^1]));
    }

    /// <summary>The offsets of a list and its items.</summary>
    public RowRanges NextRanges<T>(ArrowField field, int length, out Column items)
        where T : unmanaged, IBinaryInteger<T>
    {
        var (offsets, last) = NextOffsets<T>(field, length);
        items = Load(field.Type.Children[0]);
        return items.Length >= last
            ? new OffsetRanges<T>(offsets)
            : throw Bad($"column '{field.Name}' refers to {last} items; there are {items.Length}");
    }

    /// <summary>The next buffer, at least <paramref name="needed"/> bytes, cut to them; a null asks for all of it.</summary>
    public ReadOnlyMemory<byte> NextBuffer(long? needed, ArrowField field)
    {
        var (offset, length) = header.Buffer(_buffer++);
        if (header.Codec is null)
            return Take(offset, length, needed ?? length, field);
        if (needed == 0)
            return default;
        if (length == 0)
            return needed is null ? default : throw TooShort(0, needed.Value, field);
        return Unpack(header.Codec, offset, length, needed, field);
    }

    public DictionaryValues Dictionary(ArrowField field) => dictionaries.TryGetValue(field.Type.DictionaryId, out var generation)
        ? generation.Load(dictionaries)
        : throw Bad($"column '{field.Name}' uses dictionary {field.Type.DictionaryId}, which is missing");

    public ArrowFormatException Bad(string what) => new($"{header.Where}: {what}.");

    private void Skip(ArrowType type)
    {
        var layout = type.Layout;
        _node++;
        _buffer += layout.Buffers;
        if (layout.HasVariadicBuffers)
            _buffer += NextVariadic();
        if (HasUnionValidity && type.Kind is ArrowKind.SparseUnion or ArrowKind.DenseUnion)
            _buffer++;
        if (type.Kind == ArrowKind.Dictionary)
            return;
        foreach (var child in type.Children)
            Skip(child.Type);
    }

    private ReadOnlyMemory<byte> Unpack(BufferCodec codec, long offset, long length, long? needed, ArrowField field)
    {
        var plain = BinaryPrimitives.ReadInt64LittleEndian(Take(offset, length, sizeof(long), field).Span);
        offset += sizeof(long);
        length -= sizeof(long);
        if (plain == BufferCodec.StoredRaw)
            return Take(offset, length, needed ?? length, field);
        if (plain < 0 || plain > Array.MaxLength || plain / codec.MaxRatio > length || length > Array.MaxLength)
            throw new ArrowFormatException($"{header.Where}: column '{field.Name}' claims to unpack {length} bytes into {plain}, which {codec.Name} cannot.");
        if (plain < (needed ?? 0))
            throw TooShort(plain, needed ?? 0, field);
        budget.Take(plain, header.Where);
        var bytes = GC.AllocateUninitializedArray<byte>((int)plain);
        codec.Unpack(header.Source.Slice(header.BodyOffset + offset, (int)length).Span, bytes, field.Name);
        return bytes.AsMemory(0, (int)(needed ?? plain));
    }

    private ReadOnlyMemory<byte> Take(long offset, long length, long needed, ArrowField field)
    {
        if (length < needed)
            throw TooShort(length, needed, field);
        if (needed > Array.MaxLength)
            throw new ArrowFormatException($"{header.Where}: a buffer of column '{field.Name}' takes {needed} bytes; at most {Array.MaxLength} are supported, so write smaller batches.");
        return header.Source.Slice(header.BodyOffset + offset, (int)needed);
    }

    private ArrowFormatException TooShort(long length, long needed, ArrowField field) =>
        new($"{header.Where}: a buffer of column '{field.Name}' has {length} bytes; its rows need {needed}.");
}
