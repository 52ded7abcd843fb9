using System.Buffers.Binary;
using EventMl.Arrow;

namespace EventMl.Lake.Data;

/// <summary>Where in an Arrow file its metadata and the buffers of single columns lie, read from the few bytes that say so.</summary>
internal sealed class ArrowRanges
{
    private const int BlockSize = 24;
    private readonly List<(long Offset, int Metadata, long Body)> _dictionaries = [];
    private readonly List<(long Offset, int Metadata, long Body)> _batches = [];

    /// <summary>The ranges that must be there before the file can be opened: the metadata of all batches, and whole dictionaries.</summary>
    public IEnumerable<(long Offset, long Length)> Metadata =>
        _dictionaries.Select(d => (d.Offset, d.Metadata + d.Body)).Concat(_batches.Select(b => (b.Offset, (long)b.Metadata)));

    /// <summary>How many bytes at the end hold the footer, from the last ten bytes; 0 when it is no Arrow file.</summary>
    public static int FooterLength(ReadOnlySpan<byte> end) => end[^6..].SequenceEqual("ARROW1"u8) ? BinaryPrimitives.ReadInt32LittleEndian(end[^10..^6]) : 0;

    /// <summary>Reads a footer; null when it is damaged, so that whoever reads the file says how.</summary>
    public static ArrowRanges? Read(ReadOnlyMemory<byte> footer, long fileBytes)
    {
        var ranges = new ArrowRanges();
        try
        {
            var table = new FlatTable(footer).Root();
            foreach (var (slot, blocks) in ((int, List<(long, int, long)>)[])[(2, ranges._dictionaries), (3, ranges._batches)])
            {
                var (start, count) = table.Vector(slot, BlockSize);
                for (var i = 0; i < count; i++)
                {
                    var (offset, metadata, body) = (table.Int64(start + (i * BlockSize)), table.Int32(start + (i * BlockSize) + 8), table.Int64(start + (i * BlockSize) + 16));
                    if (offset < 0 || metadata < 0 || body < 0 || offset > fileBytes - metadata || body > fileBytes - metadata - offset)
                        return null;
                    blocks.Add((offset, metadata, body));
                }
            }
        }
        catch (InvalidDataException)
        {
            return null;
        }

        return ranges;
    }

    /// <summary>The ranges of some columns' buffers; null when the file has a type that is not known here.</summary>
    /// <param name="schema">The file's columns.</param>
    /// <param name="columns">Positions in it.</param>
    /// <param name="read">Gives bytes of the file that <see cref="Metadata"/> covers.</param>
    public List<(long Offset, long Length)>? Of(ArrowSchema schema, IReadOnlyCollection<int> columns, Func<long, int, ReadOnlyMemory<byte>> read)
    {
        var ranges = new List<(long, long)>();
        try
        {
            foreach (var (offset, length, bodyLength) in _batches)
            {
                var message = read(offset, length);
                var prefix = BinaryPrimitives.ReadInt32LittleEndian(message.Span) == -1 ? 8 : 4;
                if (new FlatTable(message[prefix..]).Root().Table(2) is not { } batch)
                    return null;
                var (buffers, count) = batch.Vector(2, 16);
                var (variadic, variadics) = batch.Vector(4, 8);
                var (next, nextVariadic) = (0, 0);
                for (var column = 0; column < schema.Fields.Count; column++)
                {
                    if (Buffers(schema.Fields[column].Type, () => nextVariadic < variadics ? (int)batch.Int64(variadic + (8 * nextVariadic++)) : 0) is not { } own || next + own > count)
                        return null;
                    for (var i = next; i < next + own && columns.Contains(column); i++)
                    {
                        var (start, size) = (batch.Int64(buffers + (16 * i)), batch.Int64(buffers + (16 * i) + 8));
                        if (start < 0 || size < 0 || start > bodyLength - size)
                            return null;
                        if (size > 0)
                            ranges.Add((offset + length + start, size));
                    }

                    next += own;
                }
            }
        }
        catch (InvalidDataException)
        {
            return null;
        }

        return ranges;
    }

    private static int? Buffers(ArrowType type, Func<int> variadic)
    {
        switch (type.Kind)
        {
            case ArrowKind.Null:
                return 0;
            case ArrowKind.Utf8 or ArrowKind.Binary or ArrowKind.LargeUtf8 or ArrowKind.LargeBinary:
                return 3;
            case ArrowKind.Utf8View or ArrowKind.BinaryView:
                return 2 + variadic();
            case ArrowKind.Bool or ArrowKind.FixedSizeBinary or ArrowKind.Dictionary:
                return 2;
            case ArrowKind.List or ArrowKind.LargeList or ArrowKind.Map or ArrowKind.ListView or ArrowKind.LargeListView or ArrowKind.FixedSizeList or ArrowKind.Struct or ArrowKind.RunEndEncoded:
                var own = type.Kind switch
                {
                    ArrowKind.List or ArrowKind.LargeList or ArrowKind.Map => 2,
                    ArrowKind.ListView or ArrowKind.LargeListView => 3,
                    ArrowKind.RunEndEncoded => 0,
                    _ => 1,
                };
                foreach (var child in type.Children)
                {
                    if (Buffers(child.Type, variadic) is not { } inner)
                        return null;
                    own += inner;
                }

                return own;
            case ArrowKind.SparseUnion or ArrowKind.DenseUnion:
                // Old files have one buffer more; the whole file is read then.
                return null;
            default:
                return type.ByteWidth > 0 ? 2 : null;
        }
    }

    /// <summary>A FlatBuffers table; whatever lies outside the bytes throws <see cref="InvalidDataException"/>.</summary>
    private readonly struct FlatTable(ReadOnlyMemory<byte> bytes, int position = 0)
    {
        public FlatTable Root() => new(bytes, Int32(0));

        public int Int32(int at) => BinaryPrimitives.ReadInt32LittleEndian(Slice(at, 4));

        public long Int64(int at) => BinaryPrimitives.ReadInt64LittleEndian(Slice(at, 8));

        public FlatTable? Table(int slot) => Field(slot) is var at and not 0 ? new FlatTable(bytes, at + Int32(at)) : null;

        public (int Start, int Count) Vector(int slot, int itemSize)
        {
            if (Field(slot) is not (not 0 and var at))
                return (0, 0);
            var vector = at + Int32(at);
            var count = Int32(vector);
            return count >= 0 && (long)count * itemSize <= bytes.Length ? (vector + 4, count) : throw new InvalidDataException();
        }

        private int Field(int slot)
        {
            var vtable = position - Int32(position);
            var size = BinaryPrimitives.ReadUInt16LittleEndian(Slice(vtable, 2));
            var entry = 4 + (2 * slot);
            var offset = entry + 2 <= size ? BinaryPrimitives.ReadUInt16LittleEndian(Slice(vtable + entry, 2)) : 0;
            return offset == 0 ? 0 : position + offset;
        }

        private ReadOnlySpan<byte> Slice(int at, int length) => at >= 0 && at <= bytes.Length - length ? bytes.Span.Slice(at, length) : throw new InvalidDataException();
    }
}
