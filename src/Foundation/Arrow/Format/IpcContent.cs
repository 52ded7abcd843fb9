using System.Buffers.Binary;
using System.Collections.Immutable;

namespace EventMl.Arrow.Format;

/// <summary>The schema and the batch headers of a whole file or stream, all lengths and positions checked.</summary>
internal sealed class IpcContent
{
    private const int MagicSize = 6;
    private const int BlockSize = 24;
    private const int SmallestFile = 22;

    private readonly ByteSource _source;
    private readonly string _name;
    private readonly IpcDecoder _decoder;

    private IpcContent(ByteSource source, string name, IpcDecoder decoder) => (_source, _name, _decoder) = (source, name, decoder);

    public static ReadOnlySpan<byte> Magic => "ARROW1"u8;

    public ArrowSchema Schema => _decoder.Schema ?? throw Bad("is neither an Arrow file nor an Arrow stream");

    public IReadOnlyDictionary<string, string> Metadata { get; private set; } = ImmutableDictionary<string, string>.Empty;

    public List<BatchContent> Batches { get; } = [];

    public static IpcContent Read(ByteSource source, string name, ArrowReadOptions options)
    {
        var isFile = source.Length >= MagicSize && source.Slice(0, MagicSize).Span.SequenceEqual(Magic);
        var content = new IpcContent(source, name, new IpcDecoder(name, options) { IsFile = isFile });
        if (isFile)
            content.ReadFile();
        else
            content.ReadStream();
        _ = content.Schema;
        return content;
    }

    private void ReadFile()
    {
        var end = _source.Length - MagicSize;
        if (_source.Length < SmallestFile || !_source.Slice(end, MagicSize).Span.SequenceEqual(Magic))
            throw Bad("does not end with ARROW1; it was cut off or its writer never finished");
        var footerLength = Int32(end - 4);
        var footerStart = end - 4 - footerLength;
        if (footerLength <= 0 || footerStart < 8)
            throw Bad($"claims a footer of {footerLength} bytes in a file of {_source.Length}");
        var footer = new FlatBuffer(_source.Slice(footerStart, footerLength).ToArray(), $"{_name}, footer").Root();
        if (footer.Table(1) is not { } schema)
            throw Bad("has no schema in its footer");
        _decoder.Begin(schema);
        Metadata = SchemaCodec.ReadMetadata(footer, 4);
        var room = footerStart;
        ReadBlocks(footer, 2, footerStart, ref room);
        ReadBlocks(footer, 3, footerStart, ref room);
    }

    private void ReadBlocks(FlatBufferTable footer, int slot, long limit, ref long room)
    {
        var count = footer.Count(slot, BlockSize);
        for (var i = 0; i < count; i++)
        {
            var offset = footer.Word(slot, 3 * i);
            if (offset < 8 || offset > limit - 8 || (offset & 7) != 0)
                throw Bad($"has a block at {offset}, which is outside the file or not a multiple of 8");
            var next = ReadMessage(offset, limit);
            // Blocks that overlap would let a small file ask for endless work.
            room -= next - offset;
            if (room < 0)
                throw Bad("has overlapping blocks");
        }
    }

    private void ReadStream()
    {
        long position = 0;
        while (position + 4 <= _source.Length)
        {
            var length = Int32(position);
            if (length == IpcMessage.Continuation && position + 8 <= _source.Length)
                length = Int32(position + 4);
            if (length == 0)
                break;
            position = ReadMessage(position, _source.Length);
        }
    }

    private long ReadMessage(long position, long limit)
    {
        var length = Int32(position);
        var start = position + 4;
        if (length == IpcMessage.Continuation)
        {
            if (start + 4 > limit)
                throw Bad($"ends inside the message at {position}");
            length = Int32(start);
            start += 4;
        }

        if (length <= 0 || length > limit - start)
            throw Bad($"has a message at {position} whose metadata claim {length} bytes; {limit - start} are left{(_decoder.Schema is null ? " (not an Arrow file?)" : "")}");
        var message = IpcMessage.Parse(_source.Slice(start, length).ToArray(), $"{_name}, message at {position}");
        var body = start + length;
        if (message.BodyLength > limit - body)
            throw Bad($"has a message at {position} with a body of {message.BodyLength} bytes; {limit - body} are left");
        if (_decoder.Take(message, _source, body) is { } batch)
            Batches.Add(batch);
        return body + message.BodyLength;
    }

    private int Int32(long position) => BinaryPrimitives.ReadInt32LittleEndian(_source.Slice(position, 4).Span);

    private ArrowFormatException Bad(string what) => new($"{_name} {what}.");
}
