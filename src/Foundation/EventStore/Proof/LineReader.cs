namespace EventMl.EventStore.Proof;

/// <summary>Lines of a stream as bytes; a line longer than any event is refused instead of filling the memory.</summary>
internal sealed class LineReader(Stream stream, int limit = LineReader.Longest)
{
    private const int Longest = 1 << 28;

    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;

    /// <summary>The next line without its end, valid until the next call; null at the end.</summary>
    /// <exception cref="FormatException">The line is too long.</exception>
    public async Task<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        for (var searched = _start; ;)
        {
            if (Array.IndexOf(_buffer, (byte)'\n', searched, _end - searched) is >= 0 and var at)
            {
                var line = _buffer.AsMemory(_start, at - _start);
                _start = at + 1;
                return line;
            }

            searched = _end - _start;
            MakeRoom();
            if (await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken) is var count && count == 0)
            {
                var rest = _buffer.AsMemory(_start, _end - _start);
                _start = _end;
                return rest.IsEmpty ? (ReadOnlyMemory<byte>?)null : rest;
            }

            _end += count;
        }
    }

    private void MakeRoom()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= limit)
            {
                throw new FormatException($"A line is longer than {limit} bytes; no event is.");
            }

            Array.Resize(ref _buffer, _buffer.Length * 2);
        }
    }
}
