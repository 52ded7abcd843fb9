using System.Buffers.Binary;
using System.Collections.ObjectModel;
using EventMl.Arrow.Format;

namespace EventMl.Arrow;

/// <summary>Writes batches to the Arrow IPC stream format, which can be read while it arrives.</summary>
public sealed class ArrowStreamWriter : IDisposable
{
    private readonly IpcWriter _writer;

    /// <summary>Starts a stream by writing its schema.</summary>
    /// <exception cref="NotSupportedException">The schema has a type that can only be read.</exception>
    public ArrowStreamWriter(Stream output, ArrowSchema schema, bool leaveOpen = false) => _writer = new IpcWriter(output, schema, isFile: false, leaveOpen);

    /// <summary>Writes one batch.</summary>
    public void Write(RecordBatch batch) => _writer.Write(batch);

    /// <summary>Marks the end of the stream.</summary>
    public void Finish() => _writer.Finish(ReadOnlyDictionary<string, string>.Empty);

    /// <summary>Closes the output unless it was to be left open.</summary>
    public void Dispose() => _writer.Dispose();
}

/// <summary>Writes batches to the Arrow IPC file format; without <see cref="Finish"/> the file stays unreadable, so a failed writer leaves nothing that looks whole.</summary>
public sealed class ArrowFileWriter : IDisposable
{
    private readonly IpcWriter _writer;

    /// <summary>Starts a file by writing its schema.</summary>
    /// <exception cref="NotSupportedException">The schema has a type that can only be read.</exception>
    public ArrowFileWriter(Stream output, ArrowSchema schema, bool leaveOpen = false) => _writer = new IpcWriter(output, schema, isFile: true, leaveOpen);

    /// <summary>The rows written so far.</summary>
    public long RowCount => _writer.RowCount;

    /// <summary>Starts a file at a path that must not exist yet.</summary>
    public static ArrowFileWriter Create(string path, ArrowSchema schema) =>
        new(new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 1 << 20), schema);

    /// <summary>Writes one batch.</summary>
    public void Write(RecordBatch batch) => _writer.Write(batch);

    /// <summary>Writes the footer with free key-value pairs; nothing can be written afterwards.</summary>
    public void Finish(IReadOnlyDictionary<string, string>? metadata = null) => _writer.Finish(metadata ?? ReadOnlyDictionary<string, string>.Empty);

    /// <summary>Closes the output unless it was to be left open.</summary>
    public void Dispose() => _writer.Dispose();
}

internal sealed class IpcWriter : IDisposable
{
    private const short Version = 4;
    private readonly Stream _output;
    private readonly ArrowSchema _schema;
    private readonly bool _isFile;
    private readonly bool _leaveOpen;
    private readonly List<long> _blocks = [];
    private long _position;
    private bool _finished;

    public IpcWriter(Stream output, ArrowSchema schema, bool isFile, bool leaveOpen)
    {
        (_output, _schema, _isFile, _leaveOpen) = (output, schema, isFile, leaveOpen);
        if (_isFile)
        {
            Put(IpcContent.Magic);
            PutZeros(2);
        }

        _ = WriteMessage(1, writer => SchemaCodec.Write(writer, schema), 0);
    }

    public long RowCount { get; private set; }

    public void Write(RecordBatch batch)
    {
        ObjectDisposedException.ThrowIf(_finished, this);
        if (!ReferenceEquals(batch.Schema, _schema) && !batch.Schema.HasSameFieldsAs(_schema))
            throw new ArgumentException($"The batch has the columns ({batch.Schema}); the file has ({_schema}).", nameof(batch));
        var body = new BodyLayout();
        for (var i = 0; i < _schema.Fields.Count; i++)
            batch.Column(i).Flatten(body);
        var start = _position;
        var metadata = WriteMessage(3, writer => WriteHeader(writer, batch.Length, body), body.Length);
        foreach (var part in body.Parts)
        {
            Put(part.Span);
            PutZeros(BodyLayout.Pad(part.Length, BodyLayout.Alignment) - part.Length);
        }

        _blocks.AddRange([start, metadata, body.Length]);
        RowCount += batch.Length;
    }

    public void Finish(IReadOnlyDictionary<string, string> metadata)
    {
        if (_finished)
            return;
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
        writer.StartTable(5);
        writer.Int64(0, length);
        writer.Reference(1, nodes);
        writer.Reference(2, buffers);
        return writer.EndTable();
    }

    private void WriteFooter(IReadOnlyDictionary<string, string> metadata)
    {
        var writer = new FlatBufferWriter();
        var batches = writer.StructVector(_blocks, 3);
        var dictionaries = writer.StructVector([], 3);
        var schema = SchemaCodec.Write(writer, _schema);
        var pairs = SchemaCodec.WriteMetadata(writer, metadata);
        writer.StartTable(5);
        writer.Reference(1, schema);
        writer.Reference(2, dictionaries);
        writer.Reference(3, batches);
        writer.Reference(4, pairs);
        writer.Int16(0, Version);
        var footer = writer.Finish(writer.EndTable());
        Put(footer.Span);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, footer.Length);
        Put(length);
        Put(IpcContent.Magic);
    }

    /// <summary>Writes a message's metadata, padded so that its body starts on a 64-byte boundary of the file; returns their length with the prefix.</summary>
    private long WriteMessage(byte kind, Func<FlatBufferWriter, int> writeHeader, long bodyLength)
    {
        var writer = new FlatBufferWriter();
        var header = writeHeader(writer);
        writer.StartTable(5);
        writer.Int64(3, bodyLength);
        writer.Reference(2, header);
        writer.Int16(0, Version);
        writer.Int8(1, kind);
        var message = writer.Finish(writer.EndTable());
        var size = BodyLayout.Pad(_position + 8 + message.Length, BodyLayout.Alignment) - _position;
        Span<byte> prefix = stackalloc byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(prefix, IpcContent.Continuation);
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
