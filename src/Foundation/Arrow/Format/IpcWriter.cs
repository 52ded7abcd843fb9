using System.Buffers.Binary;

namespace EventMl.Arrow.Format;

/// <summary>Makes the messages of a file or stream; they wait until <see cref="Flush"/> or <see cref="FlushAsync"/> hands them to the output.</summary>
internal sealed class IpcWriter : IDisposable, IAsyncDisposable
{
    private static readonly byte[] s_endOfStream = [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0];
    private static readonly byte[] s_zeros = new byte[BodyLayout.Alignment];
    private readonly Stream _output;
    private readonly ArrowSchema _schema;
    private readonly bool _isFile;
    private readonly bool _leaveOpen;
    private readonly BufferCodec? _codec;
    private readonly DictionaryWriter _dictionaries;
    private readonly List<long> _batchBlocks = [];
    private readonly List<long> _dictionaryBlocks = [];
    private readonly List<ReadOnlyMemory<byte>> _pending = [];
    private long _position;
    private bool _finished;

    // Half of a message may be out: what would follow could make a damaged file look whole.
    private bool _broken;

    public IpcWriter(Stream output, ArrowSchema schema, bool isFile, bool leaveOpen, ArrowWriteOptions options)
    {
        (_output, _schema, _isFile, _leaveOpen) = (output, schema, isFile, leaveOpen);
        _codec = BufferCodec.Of(options.Compression);
        _dictionaries = new DictionaryWriter(isFile, options.DictionaryDeltas, WriteDictionary);
        if (_isFile)
        {
            Put(IpcContent.Magic.ToArray());
            PutZeros(2);
        }

        _ = WriteMessage(MessageKind.Schema, WriteSchema, 0);
    }

    public long RowCount { get; private set; }

    public void Write(RecordBatch batch)
    {
        ObjectDisposedException.ThrowIf(_finished, this);
        CheckOutput();
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
        CheckOutput();
        _dictionaries.Finish(_schema);
        _finished = true;
        Put(s_endOfStream);
        if (_isFile)
            WriteFooter(metadata);
    }

    public void Flush()
    {
        _broken = true;
        foreach (var part in _pending)
            _output.Write(part.Span);
        _pending.Clear();
        if (_finished)
            _output.Flush();
        _broken = false;
    }

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        _broken = true;
        foreach (var part in _pending)
            await _output.WriteAsync(part, cancellationToken);
        _pending.Clear();
        if (_finished)
            await _output.FlushAsync(cancellationToken);
        _broken = false;
    }

    public void Dispose()
    {
        _finished = true;
        if (!_leaveOpen)
            _output.Dispose();
    }

    public ValueTask DisposeAsync()
    {
        _finished = true;
        return _leaveOpen ? ValueTask.CompletedTask : _output.DisposeAsync();
    }

    private void CheckOutput()
    {
        if (_broken)
            throw new InvalidOperationException("An earlier write failed, so the output is damaged; begin a new one.");
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
            Put(part);
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
        Put(footer);
        var length = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, footer.Length);
        Put(length);
        Put(IpcContent.Magic.ToArray());
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
        var prefix = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(prefix, IpcMessage.Continuation);
        BinaryPrimitives.WriteInt32LittleEndian(prefix.AsSpan(4), checked((int)(size - 8)));
        Put(prefix);
        Put(message);
        PutZeros(size - 8 - message.Length);
        return size;
    }

    private void Put(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;
        _pending.Add(bytes);
        _position += bytes.Length;
    }

    private void PutZeros(long count) => Put(s_zeros.AsMemory(0, (int)count));
}
