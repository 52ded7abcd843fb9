using System.Buffers.Binary;
using EventMl.Arrow.Format;

namespace EventMl.Arrow;

/// <summary>Reads an Arrow IPC stream while it arrives, one batch at a time; a batch stays valid after the next one was read.</summary>
public sealed class ArrowStreamReader : IAsyncDisposable
{
    private const int FirstChunk = 1 << 20;
    private const string Name = "The Arrow stream";
    private readonly Stream _input;
    private readonly ArrowReadOptions _options;
    private readonly bool _leaveOpen;
    private readonly IpcDecoder _decoder;
    private readonly byte[] _prefix = new byte[4];
    private bool _ended;

    private ArrowStreamReader(Stream input, ArrowReadOptions options, bool leaveOpen)
    {
        (_input, _options, _leaveOpen) = (input, options, leaveOpen);
        _decoder = new IpcDecoder(Name, options);
    }

    /// <summary>The columns.</summary>
    public ArrowSchema Schema => _decoder.Schema!;

    /// <summary>Reads the schema.</summary>
    /// <exception cref="ArrowFormatException">The bytes are not an Arrow stream.</exception>
    public static async Task<ArrowStreamReader> OpenAsync(Stream input, ArrowReadOptions? options = null, bool leaveOpen = false, CancellationToken cancellationToken = default)
    {
        var reader = new ArrowStreamReader(input, options ?? ArrowReadOptions.Default, leaveOpen);
        try
        {
            while (reader._decoder.Schema is null)
            {
                if (await reader.NextMessageAsync(cancellationToken) is not { } next)
                    throw new ArrowFormatException($"{Name} ends before its schema.");
                _ = reader._decoder.Take(next.Message, next.Body, 0);
            }

            return reader;
        }
        catch
        {
            await reader.DisposeAsync();
            throw;
        }
    }

    /// <summary>The next batch, or null at the end.</summary>
    /// <exception cref="ArrowFormatException">The stream is damaged or ends inside a message.</exception>
    public async ValueTask<RecordBatch?> ReadAsync(CancellationToken cancellationToken = default)
    {
        while (await NextMessageAsync(cancellationToken) is { } next)
        {
            if (_decoder.Take(next.Message, next.Body, 0) is { } batch)
                return batch.ToRecordBatch(Schema, _options);
        }

        return null;
    }

    /// <summary>Closes the input unless it was to be left open.</summary>
    public async ValueTask DisposeAsync()
    {
        _ended = true;
        if (!_leaveOpen)
            await _input.DisposeAsync();
    }

    private async ValueTask<(IpcMessage Message, ByteSource Body)?> NextMessageAsync(CancellationToken cancellationToken)
    {
        if (_ended)
            return null;
        var got = await _input.ReadAtLeastAsync(_prefix, _prefix.Length, throwOnEndOfStream: false, cancellationToken);
        if (got == 0)
        {
            _ended = true;
            return null;
        }

        if (got < _prefix.Length)
            throw EndsEarly();
        if (_decoder.Schema is null && _prefix.AsSpan().SequenceEqual(IpcContent.Magic[.._prefix.Length]))
            throw new ArrowFormatException($"{Name} is an Arrow file, whose index stands at its end; open it with {nameof(ArrowFile)}.");
        var length = BinaryPrimitives.ReadInt32LittleEndian(_prefix);
        if (length == IpcMessage.Continuation)
        {
            if (await _input.ReadAtLeastAsync(_prefix, _prefix.Length, throwOnEndOfStream: false, cancellationToken) < _prefix.Length)
                throw EndsEarly();
            length = BinaryPrimitives.ReadInt32LittleEndian(_prefix);
        }

        if (length == 0)
        {
            _ended = true;
            return null;
        }

        var message = IpcMessage.Parse(await ReadExactlyAsync(length, cancellationToken), Name);
        return (message, new MemorySource(await ReadExactlyAsync(message.BodyLength, cancellationToken)));
    }

    /// <summary>Memory grows with what has arrived, not with what was announced.</summary>
    private async ValueTask<byte[]> ReadExactlyAsync(long length, CancellationToken cancellationToken)
    {
        if (length < 0 || length > Math.Min(_options.MaxMessageBytes, Array.MaxLength))
            throw new ArrowFormatException($"{Name} announces a message of {length} bytes; at most {_options.MaxMessageBytes} are taken ({nameof(ArrowReadOptions)}.{nameof(ArrowReadOptions.MaxMessageBytes)}).");
        var bytes = GC.AllocateUninitializedArray<byte>((int)Math.Min(length, FirstChunk));
        var filled = 0;
        while (filled < length)
        {
            if (filled == bytes.Length)
                Array.Resize(ref bytes, (int)Math.Min(length, 2L * bytes.Length));
            var read = await _input.ReadAsync(bytes.AsMemory(filled), cancellationToken);
            if (read == 0)
                throw EndsEarly();
            filled += read;
        }

        return bytes;
    }

    private static ArrowFormatException EndsEarly() => new($"{Name} ends inside a message.");
}
