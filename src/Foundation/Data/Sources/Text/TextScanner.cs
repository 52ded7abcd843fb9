using System.Buffers;

namespace EventMl.Data.Sources.Text;

/// <summary>Cuts a text into chunks of whole rows; what a row is, its subclass says.</summary>
internal abstract class TextScanner<TChunk>(TextInput input, TextOptions options) : IDisposable
    where TChunk : TextChunk
{
    // Behind the text stand zeros, so that vectors may read beyond its end.
    public const int Padding = 64;

    private byte[] _rest = [];
    private int _restLength;
    private long _offset = input.Skipped;
    private long _line = 1;
    private bool _ended;

    public TextInput Input => input;

    /// <summary>The next rows, or null at the end.</summary>
    /// <exception cref="SourceException">A row is longer than is allowed, or the text cannot be read.</exception>
    public TChunk? Next()
    {
        if (_ended && _restLength == 0)
        {
            return null;
        }

        for (var size = Math.Max(options.ChunkBytes, _restLength); ; size = (int)Math.Min(2L * size, Math.Max(options.MaxRowBytes, options.ChunkBytes) + 1L))
        {
            var buffer = ArrayPool<byte>.Shared.Rent(size + Padding);
            _rest.AsSpan(0, _restLength).CopyTo(buffer);
            var length = _restLength + (_ended ? 0 : input.ReadAtLeast(buffer.AsSpan(_restLength, size - _restLength), size - _restLength, throwOnEndOfStream: false));
            _ended = _ended || length < size;
            if (length == 0)
            {
                ArrayPool<byte>.Shared.Return(buffer);
                return null;
            }

            buffer.AsSpan(length, Padding).Clear();
            var mustGive = _ended || length > options.MaxRowBytes;
            if (Cut(buffer, length, _ended, mustGive, _offset, _line) is var (chunk, used) && chunk is not null)
            {
                _line += buffer.AsSpan(0, used).Count((byte)'\n');
                _offset += used;
                Keep(buffer.AsSpan(used, length - used));
                return chunk;
            }

            Keep(buffer.AsSpan(0, length));
            ArrayPool<byte>.Shared.Return(buffer);
            if (mustGive)
            {
                throw new SourceException($"Line {_line} of {input.Name} is longer than max_row_bytes = {options.MaxRowBytes}; is it the right format? If it is, raise max_row_bytes.");
            }
        }
    }

    public void Dispose() => input.Dispose();

    /// <summary>A chunk of the whole rows at the beginning of a buffer, which it then owns, and their bytes; no chunk where there is no whole row.</summary>
    /// <param name="buffer">The text and <see cref="Padding"/> zeros.</param>
    /// <param name="length">Bytes of text.</param>
    /// <param name="isEnd">Nothing follows: the last row needs no newline.</param>
    /// <param name="mustGive">There will be no larger buffer.</param>
    /// <param name="offset">Bytes before.</param>
    /// <param name="line">The first line.</param>
    protected abstract (TChunk? Chunk, int Used) Cut(byte[] buffer, int length, bool isEnd, bool mustGive, long offset, long line);

    private void Keep(ReadOnlySpan<byte> rest)
    {
        if (_rest.Length < rest.Length)
        {
            _rest = new byte[rest.Length];
        }

        rest.CopyTo(_rest);
        _restLength = rest.Length;
    }
}
