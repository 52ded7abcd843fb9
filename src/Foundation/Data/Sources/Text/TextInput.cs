using System.IO.Compression;

namespace EventMl.Data.Sources.Text;

/// <summary>The bytes of a text: a file or a stream, unpacked where they are gzip, without a byte order mark.</summary>
internal sealed class TextInput : ForwardStream
{
    private const int PeekBytes = 4;
    private readonly Stream _source;
    private readonly Stream _bytes;
    private readonly byte[] _peeked = new byte[PeekBytes];
    private readonly double _maxRatio;
    private readonly GzipEnd? _end;
    private int _peekedStart;
    private int _peekedEnd;
    private long _unpacked;

    public TextInput(Stream source, string name, double maxRatio)
    {
        (_source, Name, _maxRatio) = (new CountingStream(source), name, maxRatio);
        var head = new byte[2];
        var got = _source.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        Stream whole = new PrefixedStream(head.AsMemory(0, got), _source);
        IsPacked = got == 2 && head[0] == 0x1F && head[1] == 0x8B;
        _end = IsPacked ? new GzipEnd(whole) : null;
        _bytes = IsPacked ? new GZipStream(_end!, CompressionMode.Decompress) : whole;
        _peekedEnd = ReadBytes(_peeked);
        if (_peekedEnd >= 2 && (_peeked is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..]))
        {
            throw new SourceException($"{name} is UTF-16; convert it to UTF-8 (iconv -f UTF-16 -t UTF-8).");
        }

        if (_peekedEnd >= 3 && _peeked is [0xEF, 0xBB, 0xBF, ..])
        {
            (_peekedStart, Skipped) = (3, 3);
        }
    }

    public string Name { get; }

    public bool IsPacked { get; }

    /// <summary>Bytes of the byte order mark.</summary>
    public int Skipped { get; }

    /// <summary>Bytes taken from the file itself, packed or not.</summary>
    public long Taken => ((CountingStream)_source).Count;

    public static TextInput Open(string path, double maxRatio)
    {
        try
        {
            return new TextInput(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1, FileOptions.SequentialScan), Path.GetFileName(path), maxRatio);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SourceException($"{Path.GetFileName(path)} cannot be read: {e.Message}", e);
        }
    }

    public override int Read(Span<byte> buffer)
    {
        if (_peekedStart == _peekedEnd)
        {
            return ReadBytes(buffer);
        }

        var count = Math.Min(buffer.Length, _peekedEnd - _peekedStart);
        _peeked.AsSpan(_peekedStart, count).CopyTo(buffer);
        _peekedStart += count;
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _bytes.Dispose();
            _source.Dispose();
        }

        base.Dispose(disposing);
    }

    private int ReadBytes(Span<byte> buffer)
    {
        try
        {
            var read = _bytes.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            _unpacked += read;
            if (read < buffer.Length && _end is not null && !_end.Fits(_unpacked))
            {
                throw new SourceException($"{Name} is damaged gzip: it ends early. Fetch or pack it again.");
            }

            // Small files may unpack to much more than real data do; only what is large in the end can harm.
            return IsPacked && _unpacked > 64 << 20 && _unpacked > _maxRatio * Taken
                ? throw new SourceException($"{Name} unpacks to more than {_maxRatio} times its size, as no real data do; unpack it yourself, or raise max_unpack_ratio.")
                : read;
        }
        catch (InvalidDataException e)
        {
            throw new SourceException($"{Name} is damaged gzip: {e.Message} Pack it again.", e);
        }
        catch (IOException e)
        {
            throw new SourceException($"{Name} cannot be read: {e.Message}", e);
        }
    }
}
