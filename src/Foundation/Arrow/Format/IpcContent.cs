using System.Buffers.Binary;
using System.Collections.Immutable;

namespace EventMl.Arrow.Format;

/// <summary>The schema and the batch headers of a file or stream, all lengths and positions checked.</summary>
internal sealed class IpcContent
{
    public const int Continuation = -1;
    private const int MagicSize = 6;
    private const int BlockSize = 24;
    private const int SmallestFile = 22;
    private const short OldestVersion = 3;

    private readonly ByteSource _source;
    private readonly string _name;
    private ImmutableDictionary<long, BatchHeader> _dictionaries = ImmutableDictionary<long, BatchHeader>.Empty;

    private IpcContent(ByteSource source, string name)
    {
        _source = source;
        _name = name;
    }

    public static ReadOnlySpan<byte> Magic => "ARROW1"u8;

    public ArrowSchema Schema { get; private set; } = new([]);

    public IReadOnlyDictionary<string, string> Metadata { get; private set; } = ImmutableDictionary<string, string>.Empty;

    public List<(BatchHeader Header, IReadOnlyDictionary<long, BatchHeader> Dictionaries)> Batches { get; } = [];

    public static IpcContent Read(ByteSource source, string name)
    {
        var content = new IpcContent(source, name);
        if (source.Length >= MagicSize && source.Slice(0, MagicSize).Span.SequenceEqual(Magic))
            content.ReadFile();
        else
            content.ReadStream();
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
        var footer = Table(footerStart, footerLength, "footer");
        if (footer.Table(1) is not { } schema)
            throw Bad("has no schema in its footer");
        Schema = SchemaCodec.Read(schema);
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
        var hasSchema = false;
        while (position + 4 <= _source.Length)
        {
            var length = Int32(position);
            if (length == Continuation && position + 8 <= _source.Length)
                length = Int32(position + 4);
            if (length == 0)
                break;
            position = ReadMessage(position, _source.Length, ref hasSchema);
        }

        if (!hasSchema)
            throw Bad("is neither an Arrow file nor an Arrow stream");
    }

    private long ReadMessage(long position, long limit)
    {
        var hasSchema = true;
        return ReadMessage(position, limit, ref hasSchema);
    }

    private long ReadMessage(long position, long limit, ref bool hasSchema)
    {
        var length = Int32(position);
        var start = position + 4;
        if (length == Continuation)
        {
            if (start + 4 > limit)
                throw Bad($"ends inside the message at {position}");
            length = Int32(start);
            start += 4;
        }

        if (length <= 0 || length > limit - start)
            throw Bad($"has a message at {position} whose metadata claim {length} bytes; {limit - start} are left{(hasSchema ? "" : " (not an Arrow file?)")}");
        var message = Table(start, length, $"message at {position}");
        if (message.Int16(0) < OldestVersion)
            throw Bad($"has metadata version {message.Int16(0) + 1}; versions 4 and 5 are supported");
        var body = start + length;
        var bodyLength = message.Int64(3);
        if (bodyLength < 0 || bodyLength > limit - body)
            throw Bad($"has a message at {position} with a body of {bodyLength} bytes; {limit - body} are left");
        if (message.Table(2) is not { } header)
            throw Bad($"has a message at {position} without content");
        Take(message.Int8(1), header, position, body, bodyLength, ref hasSchema);
        return body + bodyLength;
    }

    private void Take(byte kind, FlatBufferTable header, long position, long body, long bodyLength, ref bool hasSchema)
    {
        switch (kind)
        {
            case 1 when !hasSchema:
                Schema = SchemaCodec.Read(header);
                hasSchema = true;
                break;
            case 2 when hasSchema:
                if (header.Int8(2) != 0)
                    throw Bad("has a delta dictionary, which is not supported; write whole dictionaries");
                if (header.Table(1) is not { } values)
                    throw Bad($"has a dictionary without values at {position}");
                _dictionaries = _dictionaries.SetItem(header.Int64(0), new BatchHeader(values, _source, body, bodyLength, $"{_name}, dictionary {header.Int64(0)}"));
                break;
            case 3 when hasSchema:
                Batches.Add((new BatchHeader(header, _source, body, bodyLength, $"{_name}, batch {Batches.Count}"), _dictionaries));
                break;
            default:
                throw Bad($"has an unexpected message of kind {kind} at {position}");
        }
    }

    private FlatBufferTable Table(long offset, int length, string what) =>
        new FlatBuffer(_source.Slice(offset, length).ToArray(), $"{_name}, {what}").Root();

    private int Int32(long position) => BinaryPrimitives.ReadInt32LittleEndian(_source.Slice(position, 4).Span);

    private ArrowFormatException Bad(string what) => new($"{_name} {what}.");
}
