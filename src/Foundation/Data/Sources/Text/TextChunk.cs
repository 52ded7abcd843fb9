using System.Buffers;

namespace EventMl.Data.Sources.Text;

/// <summary>Whole rows of a text: <c>Buffer[..Length]</c>, in a rented buffer that is given back by <see cref="Dispose"/>.</summary>
internal class TextChunk(string source, byte[] buffer, int length, long offset, long firstLine) : IDisposable
{
    private byte[]? _rented = buffer;

    public string Source => source;

    public byte[] Buffer => _rented ?? throw new ObjectDisposedException(nameof(TextChunk));

    public int Length => length;

    /// <summary>Bytes of the text before the chunk.</summary>
    public long Offset => offset;

    /// <summary>The line that the chunk begins with, from 1.</summary>
    public long FirstLine => firstLine;

    public ReadOnlySpan<byte> Bytes => Buffer.AsSpan(0, length);

    /// <summary>A row of the chunk as one that is kept out.</summary>
    public BadRow Bad(int start, int end, string? column, string reason) =>
        new(source, firstLine + Bytes[..start].Count((byte)'\n'), offset + start, column, reason, Bytes[start..end].ToArray());

    public virtual void Dispose()
    {
        if (Interlocked.Exchange(ref _rented, null) is { } buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
