using System.Buffers.Binary;

namespace EventMl.Data.Sources.Sql;

/// <summary>The rows of PostgreSQL's binary COPY format, several at a time in one growing buffer.</summary>
internal sealed class CopyReader(Stream copy, int columns, string name) : IDisposable
{
    private const int HeaderBytes = 19;
    private const int MaxRowBytes = 256 << 20;

    private readonly BufferedStream _bytes = new(copy, 1 << 18);
    private readonly List<int> _ends = [];
    private byte[] _buffer = new byte[1 << 16];
    private int _length;
    private bool _begun;
    private bool _ended;

    public int Count => _ends.Count;

    /// <summary>Reads rows until there are so many rows or bytes of them; false at the end.</summary>
    /// <exception cref="SourceException">A row is too long, or the server does not speak the format.</exception>
    public bool Next(int rows, long bytes)
    {
        if (!_begun)
        {
            ReadHeader();
        }

        _ends.Clear();
        _length = 0;
        while (!_ended && _ends.Count < rows && _length < bytes)
        {
            ReadRow();
        }

        return _ends.Count > 0;
    }

    /// <summary>A row as it came: for each column its length (-1 for null) and its bytes.</summary>
    public ReadOnlySpan<byte> Row(int index)
    {
        var start = index == 0 ? 0 : _ends[index - 1];
        return _buffer.AsSpan(start, _ends[index] - start);
    }

    public void Dispose() => _bytes.Dispose();

    private void ReadHeader()
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        _bytes.ReadExactly(header);
        if (!header.StartsWith("PGCOPY\n"u8))
        {
            throw new SourceException($"{name} does not answer in PostgreSQL's binary format.");
        }

        for (var extension = BinaryPrimitives.ReadInt32BigEndian(header[15..]); extension > 0; extension--)
        {
            _ = _bytes.ReadByte();
        }

        _begun = true;
    }

    private void ReadRow()
    {
        Span<byte> number = stackalloc byte[4];
        _bytes.ReadExactly(number[..2]);
        var fields = BinaryPrimitives.ReadInt16BigEndian(number);
        if (fields == -1)
        {
            _ended = true;
            return;
        }

        if (fields != columns)
        {
            throw new SourceException($"{name} gives rows of {fields} fields; {columns} were announced.");
        }

        var start = _length;
        for (var i = 0; i < fields; i++)
        {
            _bytes.ReadExactly(number);
            var length = BinaryPrimitives.ReadInt32BigEndian(number);
            if (length > MaxRowBytes - (_length - start))
            {
                throw new SourceException($"{name} gives a row of more than {MaxRowBytes} bytes; leave large columns out.");
            }

            number.CopyTo(Extend(number.Length));
            if (length > 0)
            {
                _bytes.ReadExactly(Extend(length));
            }
        }

        _ends.Add(_length);
    }

    private Span<byte> Extend(int count)
    {
        if (_buffer.Length - _length < count)
        {
            Array.Resize(ref _buffer, Math.Max(2 * _buffer.Length, _length + count));
        }

        _length += count;
        return _buffer.AsSpan(_length - count, count);
    }
}
