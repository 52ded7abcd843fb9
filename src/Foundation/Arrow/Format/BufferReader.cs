using System.Buffers.Binary;

namespace EventMl.Arrow.Format;

/// <summary>Takes the nodes and buffers of a batch one after the other, decompressing where the batch is compressed.</summary>
internal struct BufferReader(BatchHeader header)
{
    private int _node;
    private int _buffer;
    private int _variadic;

    public readonly BatchHeader Header => header;

    public (int Length, int Nulls) NextNode() => header.Node(_node++);

    public int NextVariadic() => header.Variadic(_variadic++);

    /// <summary>The next buffer, at least <paramref name="needed"/> bytes, cut to them; a null asks for all of it.</summary>
    public ReadOnlyMemory<byte> Next(long? needed, ArrowField field)
    {
        var (offset, length) = header.Buffer(_buffer++);
        var size = needed ?? length;
        if (size > Array.MaxLength)
            throw new ArrowFormatException($"{header.Where}: a buffer of column '{field.Name}' takes {size} bytes; at most {Array.MaxLength} are supported.");
        if (header.Codec is null)
            return Require(header.Source, header.BodyOffset + offset, length, size, field);
        if (length == 0)
            return size == 0 ? default : throw TooShort(0, size, field);
        return Decompress(offset, length, needed, field);
    }

    public void Skip(ArrowType type)
    {
        if (type.Kind == ArrowKind.Dictionary)
            type = type.Children[0].Type;
        _node++;
        switch (type.Kind)
        {
            case ArrowKind.Null:
                break;
            case ArrowKind.Utf8 or ArrowKind.Binary or ArrowKind.LargeUtf8 or ArrowKind.LargeBinary:
                _buffer += 3;
                break;
            case ArrowKind.Utf8View or ArrowKind.BinaryView:
                _buffer += 2 + NextVariadic();
                break;
            case ArrowKind.Struct or ArrowKind.FixedSizeList:
                _buffer += 1;
                break;
            default:
                _buffer += 2;
                break;
        }

        foreach (var child in type.Children)
            Skip(child.Type);
    }

    private readonly ReadOnlyMemory<byte> Decompress(long offset, long length, long? needed, ArrowField field)
    {
        var prefix = Require(header.Source, header.BodyOffset + offset, length, sizeof(long), field).Span;
        var plain = BinaryPrimitives.ReadInt64LittleEndian(prefix);
        offset += sizeof(long);
        length -= sizeof(long);
        if (plain == -1)
            return Require(header.Source, header.BodyOffset + offset, length, needed ?? length, field);
        if (plain < 0 || plain > Array.MaxLength || plain / Lz4Frame.MaxRatio > length || length > Array.MaxLength)
            throw new ArrowFormatException($"{header.Where}: column '{field.Name}' claims to unpack {length} bytes into {plain}, which LZ4 cannot.");
        if (plain < (needed ?? 0))
            throw TooShort(plain, needed ?? 0, field);
        var bytes = Lz4Frame.Decode(header.Source.Slice(header.BodyOffset + offset, (int)length).Span, (int)plain, field.Name);
        return bytes.AsMemory(0, (int)(needed ?? plain));
    }

    private readonly ReadOnlyMemory<byte> Require(ByteSource source, long offset, long length, long needed, ArrowField field) => length >= needed
        ? source.Slice(offset, (int)needed)
        : throw TooShort(length, needed, field);

    private readonly ArrowFormatException TooShort(long length, long needed, ArrowField field) =>
        new($"{header.Where}: a buffer of column '{field.Name}' has {length} bytes; its rows need {needed}.");
}
