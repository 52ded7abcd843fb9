namespace EventMl.Arrow;

/// <summary>The field nodes and buffers of a batch in the pre-order that Arrow prescribes, each buffer padded to 64 bytes.</summary>
internal sealed class BodyLayout
{
    public const int Alignment = 64;

    public List<long> Nodes { get; } = [];

    public List<long> Buffers { get; } = [];

    public List<ReadOnlyMemory<byte>> Parts { get; } = [];

    public long Length { get; private set; }

    public static long Pad(long length, int alignment) => (length + alignment - 1) & -alignment;

    public void Node(Column column)
    {
        Nodes.Add(column.Length);
        Nodes.Add(column.NullCount);
    }

    public void Buffer(ReadOnlyMemory<byte> bytes)
    {
        Buffers.Add(Length);
        Buffers.Add(bytes.Length);
        Parts.Add(bytes);
        Length += Pad(bytes.Length, Alignment);
    }
}
