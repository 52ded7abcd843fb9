namespace EventMl.Arrow.Format;

/// <summary>The checked RecordBatch table of one message: how long the columns are and where their buffers lie in the body.</summary>
internal sealed class BatchHeader
{
    public const short VersionWithoutUnionValidity = 4;
    private const int NodeSize = 16;
    private const int BufferSize = 16;
    private readonly (int Length, int Nulls)[] _nodes;
    private readonly (long Offset, long Length)[] _buffers;
    private readonly long[] _variadic;

    public BatchHeader(FlatBufferTable table, short version, ByteSource source, long bodyOffset, long bodyLength, string where)
    {
        Version = version;
        Source = source;
        BodyOffset = bodyOffset;
        Where = where;
        Length = Rows(table.Int64(0), where);
        _nodes = new (int, int)[table.Count(1, NodeSize)];
        for (var i = 0; i < _nodes.Length; i++)
        {
            var rows = Rows(table.Word(1, 2 * i), where);
            var nulls = table.Word(1, (2 * i) + 1);
            if (nulls < 0 || nulls > rows)
                throw new ArrowFormatException($"{where}: a column of {rows} rows claims {nulls} nulls.");
            _nodes[i] = (rows, (int)nulls);
        }

        _buffers = new (long, long)[table.Count(2, BufferSize)];
        for (var i = 0; i < _buffers.Length; i++)
        {
            var (offset, length) = (table.Word(2, 2 * i), table.Word(2, (2 * i) + 1));
            if (offset < 0 || length < 0 || offset > bodyLength || length > bodyLength - offset)
                throw new ArrowFormatException($"{where}: buffer {i} (offset {offset}, {length} bytes) lies outside the body of {bodyLength} bytes.");
            _buffers[i] = (offset, length);
        }

        Codec = table.Table(3) is { } compression ? BufferCodec.Of(compression.Int8(0), compression.Int8(1), where) : null;
        _variadic = new long[table.Count(4, 8)];
        for (var i = 0; i < _variadic.Length; i++)
            _variadic[i] = table.Word(4, i);
    }

    /// <summary>The metadata version as the file writes it: 3 for V4, 4 for V5.</summary>
    public short Version { get; }

    public int Length { get; }

    public ByteSource Source { get; }

    public long BodyOffset { get; }

    public string Where { get; }

    /// <summary>What unpacks the buffers, or null where they are plain.</summary>
    public BufferCodec? Codec { get; }

    public (int Length, int Nulls) Node(int index) => index < _nodes.Length
        ? _nodes[index]
        : throw new ArrowFormatException($"{Where} describes {_nodes.Length} columns, fewer than the schema has.");

    public (long Offset, long Length) Buffer(int index) => index < _buffers.Length
        ? _buffers[index]
        : throw new ArrowFormatException($"{Where} has {_buffers.Length} buffers, fewer than the schema needs.");

    public int Variadic(int index)
    {
        if (index >= _variadic.Length || _variadic[index] < 0 || _variadic[index] > _buffers.Length)
            throw new ArrowFormatException($"{Where} does not say properly how many data buffers its view columns have.");
        return (int)_variadic[index];
    }

    private static int Rows(long rows, string where) => rows is >= 0 and <= int.MaxValue
        ? (int)rows
        : throw new ArrowFormatException($"{where}: a length of {rows} rows is outside 0 to {int.MaxValue}.");
}
