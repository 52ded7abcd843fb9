using System.Buffers.Binary;

namespace EventMl.Arrow.Format;

/// <summary>Writes the messages of a file or stream.</summary>
internal sealed class IpcWriter : IDisposable
{
    private readonly Stream _output;
    private readonly ArrowSchema _schema;
    private readonly bool _isFile;
    private readonly bool _leaveOpen;
    private readonly ArrowWriteOptions _options;
    private readonly BufferCodec? _codec;
    private readonly DictionaryWriter _dictionaries;
    private readonly List<long> _batchBlocks = [];
    private readonly List<long> _dictionaryBlocks = [];
    private long _position;
    private bool _finished;

    public IpcWriter(Stream output, ArrowSchema schema, bool isFile, bool leaveOpen, ArrowWriteOptions options)
    {
        (_output, _schema, _isFile, _leaveOpen, _options) = (output, schema, isFile, leaveOpen, options);
        _codec = BufferCodec.Of(options.Compression);
        _dictionaries = new DictionaryWriter(isFile, options.DictionaryDeltas, WriteDictionary);
        if (_isFile)
        {
            Put(IpcContent.Magic);
            PutZeros(2);
        }

        _ = WriteMessage(MessageKind.Schema, WriteSchema, 0);
    }

    public long RowCount { get; private set; }

    public void Write(RecordBatch batch)
    {
        ObjectDisposedException.ThrowIf(_finished, this);
        if (!ReferenceEquals(batch.Schema, _schema) && !batch.Schema.HasSameFieldsAs(_schema))
            throw new ArgumentException($"The batch has the columns ({batch.Schema}); the file has ({_schema}).", nameof(batch));
        Column[] columns = [.. Enumerable.Range(0, _schema.Fields.Count).Select(batch.Column)];
        var body = new BodyLayout(_codec) { MergedIndices = _dictionaries.Take(_schema, columns) };
        foreach (var column in columns)
            body.Add(column);
        WriteBody(MessageKind.RecordBatch, writer => WriteHeader(writer, batch.Length, body), body, _batchBlocks);
        RowCount += batch.Length;
    }

    public void Finish(IReadOnlyDictionary<string, string> metadata)
    {
        if (_finished)
            return;
        _dictionaries.Finish(_schema);
        _finished = true;
        Put([0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]);
        if (_isFile)
            WriteFooter(metadata);
        _output.Flush();
    }

    public void Dispose()
    {
        _finished = true;
        if (!_leaveOpen)
            _output.Dispose();
    }

    private static int WriteHeader(FlatBufferWriter writer, int length, BodyLayout body)
    {
        var buffers = writer.StructVector(body.Buffers, 2);
        var nodes = writer.StructVector(body.Nodes, 2);
        var variadic = body.VariadicCounts.Count == 0 ? 0 : writer.StructVector(body.VariadicCounts, 1);
        var compression = 0;
        if (body.Codec is { } codec)
        {
            writer.StartTable(2);
            writer.Int8(0, codec.Code);
            compression = writer.EndTable();
        }

        writer.StartTable(5);
        writer.Int64(0, length);
        writer.Reference(1, nodes);
        writer.Reference(2, buffers);
        writer.Reference(3, compression);
        writer.Reference(4, variadic);
        return writer.EndTable();
    }

    private int WriteSchema(FlatBufferWriter writer) => SchemaCodec.Write(writer, _schema, _codec is not null, mayReplace: !_isFile);

    private void WriteDictionary(long id, Column values, bool isDelta)
    {
        var body = new BodyLayout(_codec);
        body.Add(values);
        WriteBody(
            MessageKind.DictionaryBatch,
            writer =>
            {
                var data = WriteHeader(writer, values.Length, body);
                writer.StartTable(3);
                writer.Int64(0, id);
                writer.Reference(1, data);
                writer.Int8(2, isDelta ? (byte)1 : (byte)0);
                return writer.EndTable();
            },
            body,
            _dictionaryBlocks);
    }

    private void WriteBody(MessageKind kind, Func<FlatBufferWriter, int> writeHeader, BodyLayout body, List<long> blocks)
    {
        var start = _position;
        var metadata = WriteMessage(kind, writeHeader, body.Length);
        foreach (var part in body.Parts)
        {
            Put(part.Span);
            PutZeros(BodyLayout.Pad(part.Length, BodyLayout.Alignment) - part.Length);
        }

        if (_isFile)
            blocks.AddRange([start, metadata, body.Length]);
    }

    private void WriteFooter(IReadOnlyDictionary<string, string> metadata)
    {
        var writer = new FlatBufferWriter();
        var batches = writer.StructVector(_batchBlocks, 3);
        var dictionaries = writer.StructVector(_dictionaryBlocks, 3);
        var schema = WriteSchema(writer);
        var pairs = SchemaCodec.WriteMetadata(writer, metadata);
        writer.StartTable(5);
        writer.Reference(1, schema);
        writer.Reference(2, dictionaries);
        writer.Reference(3, batches);
        writer.Reference(4, pairs);
        writer.Int16(0, IpcMessage.CurrentVersion);
        var footer = writer.Finish(writer.EndTable());
        Put(footer.Span);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, footer.Length);
        Put(length);
        Put(IpcContent.Magic);
    }

    /// <summary>Writes a message's metadata, padded so that its body starts on a 64-byte boundary of the file; returns their length with the prefix.</summary>
    private long WriteMessage(MessageKind kind, Func<FlatBufferWriter, int> writeHeader, long bodyLength)
    {
        var writer = new FlatBufferWriter();
        var header = writeHeader(writer);
        writer.StartTable(5);
        writer.Int64(3, bodyLength);
        writer.Reference(2, header);
        writer.Int16(0, IpcMessage.CurrentVersion);
        writer.Int8(1, (byte)kind);
        var message = writer.Finish(writer.EndTable());
        var size = BodyLayout.Pad(_position + 8 + message.Length, BodyLayout.Alignment) - _position;
        Span<byte> prefix = stackalloc byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(prefix, IpcMessage.Continuation);
        BinaryPrimitives.WriteInt32LittleEndian(prefix[4..], checked((int)(size - 8)));
        Put(prefix);
        Put(message.Span);
        PutZeros(size - 8 - message.Length);
        return size;
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        _output.Write(bytes);
        _position += bytes.Length;
    }

    private void PutZeros(long count)
    {
        ReadOnlySpan<byte> zeros = stackalloc byte[BodyLayout.Alignment];
        Put(zeros[..(int)count]);
    }
}
