using System.Globalization;
using System.Text;
using EventMl.EventStore;

namespace EventMl.Jobs.Scripts;

/// <summary>
/// The log of one attempt, of bounded size: its first half in the file itself, what follows in segments of a quarter, named by where they begin
/// (<c>1.log.5242880</c>), of which the last two are kept; and the last 4096 characters in memory.
/// </summary>
internal sealed class LogFile : IDisposable
{
    private const int TailLength = 4096;
    private const int MaxBytesPerCharacter = 4;
    private static readonly byte[] NewLine = [(byte)'\n'];

    private readonly Lock _lock = new();
    private readonly string _path;
    private readonly int _maxBytes;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly byte[] _tail = new byte[4 * TailLength * MaxBytesPerCharacter];
    private int _buffered;
    private int _tailLength;
    private long _start;
    private long _length;
    private FileStream? _file;

    public LogFile(string path, int maxBytes)
    {
        _path = path;
        _maxBytes = maxBytes;
        // Another host may have begun this attempt's log.
        if (LogReader.SegmentsOf(path) is [.., var last])
        {
            (_start, _length) = (last.Start, new FileInfo(last.Path).Length);
        }

        _file = Open();
    }

    public string Tail
    {
        get
        {
            lock (_lock)
            {
                var from = Math.Max(0, _tailLength - (TailLength * MaxBytesPerCharacter));
                while (from > 0 && from < _tailLength && (_tail[from] & 0xC0) == 0x80)
                {
                    from++;
                }

                var text = Encoding.UTF8.GetString(_tail, from, _tailLength - from);
                return Clean.Text(text.Length > TailLength ? text[^TailLength..] : text);
            }
        }
    }

    public void Write(string line) => Write(Encoding.UTF8.GetBytes(line));

    /// <summary>Adds a line of valid UTF-8; one that is longer than a segment is cut.</summary>
    public void Write(ReadOnlySpan<byte> line)
    {
        lock (_lock)
        {
            Remember(line);
            Remember(NewLine);
            var longest = (_maxBytes / 4) - 1;
            line = line.Length > longest ? line[..longest] : line;
            try
            {
                if (_length > 0 && _length + line.Length + 1 > (_start == 0 ? _maxBytes / 2 : _maxBytes / 4))
                {
                    BeginSegment();
                }

                Append(line);
                Append(NewLine);
            }
            catch (IOException)
            {
                GiveUp();
            }
        }
    }

    /// <summary>Makes what was written visible to readers.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            try
            {
                FlushBuffer();
            }
            catch (IOException)
            {
                GiveUp();
            }
        }
    }

    public void Dispose()
    {
        Flush();
        _file?.Dispose();
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        _length += bytes.Length;
        if (bytes.Length > _buffer.Length - _buffered)
        {
            FlushBuffer();
        }

        if (bytes.Length > _buffer.Length)
        {
            _file?.Write(bytes);
            return;
        }

        bytes.CopyTo(_buffer.AsSpan(_buffered));
        _buffered += bytes.Length;
    }

    private void FlushBuffer()
    {
        _file?.Write(_buffer.AsSpan(0, _buffered));
        _buffered = 0;
    }

    private void BeginSegment()
    {
        FlushBuffer();
        _file?.Dispose();
        (_start, _length) = (_start + _length, 0);
        _file = Open();
        foreach (var old in LogReader.SegmentsOf(_path).Skip(1).SkipLast(2))
        {
            File.Delete(old.Path);
        }
    }

    private void Remember(ReadOnlySpan<byte> bytes)
    {
        const int Kept = TailLength * MaxBytesPerCharacter;
        bytes = bytes.Length > Kept ? bytes[^Kept..] : bytes;
        if (bytes.Length > _tail.Length - _tailLength)
        {
            var keep = Math.Min(_tailLength, Kept);
            _tail.AsSpan(_tailLength - keep, keep).CopyTo(_tail);
            _tailLength = keep;
        }

        bytes.CopyTo(_tail.AsSpan(_tailLength));
        _tailLength += bytes.Length;
    }

    // A full disk must not end a task that may still finish; the tail in memory goes on.
    private void GiveUp()
    {
        _file?.Dispose();
        _file = null;
        _buffered = 0;
    }

    private FileStream Open() => new(
        _start == 0 ? _path : string.Create(CultureInfo.InvariantCulture, $"{_path}.{_start}"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
}
