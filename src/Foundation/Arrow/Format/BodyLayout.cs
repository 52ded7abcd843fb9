using System.Buffers.Binary;
using EventMl.Arrow.Format;

namespace EventMl.Arrow;

/// <summary>The field nodes and buffers of a batch in the pre-order that Arrow prescribes, each buffer padded to 64 bytes and packed where a codec is given.</summary>
internal sealed class BodyLayout(BufferCodec? codec)
{
    public const int Alignment = 64;

    public List<long> Nodes { get; } = [];

    public List<long> Buffers { get; } = [];

    public List<long> VariadicCounts { get; } = [];

    public List<ReadOnlyMemory<byte>> Parts { get; } = [];

    public BufferCodec? Codec => codec;

    /// <summary>The indices to write for columns whose dictionary was merged into another.</summary>
    public IReadOnlyDictionary<DictionaryColumn, PrimitiveColumn>? MergedIndices { get; init; }

    public long Length { get; private set; }

    public static long Pad(long length, int alignment) => (length + alignment - 1) & -alignment;

    /// <summary>Adds a column and all below it; a dictionary's values travel on their own.</summary>
    public void Add(Column column)
    {
        column.Flatten(this);
        foreach (var part in column.Parts)
            Add(part);
    }

    public void Node(Column column)
    {
        Nodes.Add(column.Length);
        Nodes.Add(column.NullCount);
    }

    public void Buffer(ReadOnlyMemory<byte> bytes)
    {
        if (codec is not null && !bytes.IsEmpty)
            bytes = Pack(codec, bytes.Span);
        Buffers.Add(Length);
        Buffers.Add(bytes.Length);
        Parts.Add(bytes);
        Length += Pad(bytes.Length, Alignment);
    }

    public void Variadic(IReadOnlyList<ReadOnlyMemory<byte>> buffers)
    {
        VariadicCounts.Add(buffers.Count);
        foreach (var buffer in buffers)
            Buffer(buffer);
    }

    private static ReadOnlyMemory<byte> Pack(BufferCodec codec, ReadOnlySpan<byte> plain)
    {
        const int Prefix = sizeof(long);
        var packed = GC.AllocateUninitializedArray<byte>(Prefix + codec.Bound(plain.Length));
        var size = codec.Pack(plain, packed.AsSpan(Prefix));
        var isSmaller = size < plain.Length;
        if (!isSmaller)
        {
            plain.CopyTo(packed.AsSpan(Prefix));
            size = plain.Length;
        }

        BinaryPrimitives.WriteInt64LittleEndian(packed, isSmaller ? plain.Length : BufferCodec.StoredRaw);
        return packed.AsMemory(0, Prefix + size);
    }
}
