using System.Buffers.Binary;
using System.IO.Compression;

namespace EventMl.Lake.Formats;

// The names say the width and kind, as the format's description does.
#pragma warning disable CA1720

/// <summary>What one element of an IDX file is; the number is the file's own code.</summary>
public enum IdxElementType
{
    /// <summary>Not known.</summary>
    None = 0,

    /// <summary>Unsigned, 8 bits.</summary>
    UnsignedByte = 0x08,

    /// <summary>Signed, 8 bits.</summary>
    SignedByte = 0x09,

    /// <summary>Signed, 16 bits, big-endian.</summary>
    Int16 = 0x0B,

    /// <summary>Signed, 32 bits, big-endian.</summary>
    Int32 = 0x0C,

    /// <summary>Single precision, big-endian.</summary>
    Single = 0x0D,

    /// <summary>Double precision, big-endian.</summary>
    Double = 0x0E,
}
#pragma warning restore CA1720

/// <summary>Reads an IDX file (the format of MNIST and its relatives), plain or gzip, item by item in bounded memory.</summary>
public sealed class IdxFile : IDisposable
{
    private const int MaxDimensions = 8;
    private const int MaxItemBytes = 1 << 28;

    /// <summary>Deflate cannot do better than this, so a larger claim is false.</summary>
    private const long MaxGzipRatio = 1032;

    private readonly Stream _stream;
    private readonly FileStream? _gzip;
    private readonly string _name;
    private int _itemsRead;
    private bool _checkedEnd;

    private IdxFile(Stream stream, FileStream? gzip, string name, IdxElementType elementType, int[] dimensions, int itemSize)
    {
        _stream = stream;
        _gzip = gzip;
        _name = name;
        ElementType = elementType;
        Dimensions = dimensions;
        ItemSize = itemSize;
    }

    /// <summary>What one element is.</summary>
    public IdxElementType ElementType { get; }

    /// <summary>The sizes of all dimensions; the first is the number of items.</summary>
    public IReadOnlyList<int> Dimensions { get; }

    /// <summary>The number of items, which is the first dimension.</summary>
    public int ItemCount => Dimensions[0];

    /// <summary>Bytes per item.</summary>
    public int ItemSize { get; }

    /// <summary>Opens a file and checks its header against its size.</summary>
    /// <exception cref="IdxFormatException">It is not an IDX file, or its size does not fit its header.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static IdxFile Open(string path)
    {
        var name = Path.GetFileName(path);
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        try
        {
            var isGzip = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
            file.Position = 0;
            var stream = isGzip ? new GZipStream(file, CompressionMode.Decompress) : (Stream)file;
            var (type, dimensions) = ReadHeader(stream, name);
            var itemSize = ItemBytes(name, type, dimensions);
            var expected = 4 + (4L * dimensions.Length) + ((long)dimensions[0] * itemSize);
            if (!isGzip && file.Length != expected)
                throw new IdxFormatException($"{name} has {file.Length} bytes; its header ({string.Join(" × ", dimensions)} of {type}) asks for {expected}.");
            if (isGzip && expected / MaxGzipRatio > file.Length)
                throw new IdxFormatException($"{name} claims {expected} bytes ({string.Join(" × ", dimensions)} of {type}), more than a gzip file of {file.Length} bytes can hold.");
            return new IdxFile(stream, isGzip ? file : null, name, type, dimensions, itemSize);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads as many whole items as fit and are left, and returns their number; 0 means the file ended properly.</summary>
    /// <exception cref="IdxFormatException">The file is cut off, damaged, or goes on after its last item.</exception>
    /// <exception cref="ArgumentException">Not even one item fits.</exception>
    public int ReadItems(Span<byte> buffer)
    {
        if (buffer.Length < ItemSize)
            throw new ArgumentException($"An item of {_name} takes {ItemSize} bytes; the buffer has {buffer.Length}.", nameof(buffer));
        var items = Math.Min(ItemSize == 0 ? ItemCount : buffer.Length / ItemSize, ItemCount - _itemsRead);
        var wanted = items * ItemSize;
        var got = Read(_stream, buffer[..wanted], _name);
        if (got < wanted)
            throw new IdxFormatException($"{_name} is cut off: item {_itemsRead + (got / Math.Max(1, ItemSize))} of {ItemCount} is missing or incomplete.");
        _itemsRead += items;
        if (_itemsRead == ItemCount && !_checkedEnd)
        {
            _checkedEnd = true;
            Span<byte> more = stackalloc byte[1];
            if (Read(_stream, more, _name) != 0)
                throw new IdxFormatException($"{_name} goes on after its {ItemCount} items ({string.Join(" × ", Dimensions)}); exactly these were expected.");
            CheckGzipTrailer();
        }

        return items;
    }

    /// <inheritdoc />
    public void Dispose() => _stream.Dispose();

    // The runtime's gzip reader accepts a file whose trailer was cut off, so its length field is compared here.
    private void CheckGzipTrailer()
    {
        if (_gzip is null)
            return;
        Span<byte> trailer = stackalloc byte[4];
        var expected = unchecked((uint)(4 + (4 * Dimensions.Count) + ((long)ItemCount * ItemSize)));
        if (RandomAccess.Read(_gzip.SafeFileHandle, trailer, _gzip.Length - 4) < 4 || BinaryPrimitives.ReadUInt32LittleEndian(trailer) != expected)
            throw new IdxFormatException($"{_name} does not end with its gzip trailer (length {expected}); it is cut off or damaged.");
    }

    private static (IdxElementType Type, int[] Dimensions) ReadHeader(Stream stream, string name)
    {
        Span<byte> header = stackalloc byte[4 + (4 * MaxDimensions)];
        if (Read(stream, header[..4], name) < 4)
            throw new IdxFormatException($"{name} is too short to be an IDX file: its 4-byte magic number was expected.");
        var type = (IdxElementType)header[2];
        if (header[0] != 0 || header[1] != 0 || type == IdxElementType.None || !Enum.IsDefined(type) || header[3] is 0 or > MaxDimensions)
            throw new IdxFormatException($"{name} is not an IDX file: it begins with {Convert.ToHexStringLower(header[..4])}; 00 00, an element type (08, 09, 0b to 0e) and 1 to {MaxDimensions} dimensions were expected.");
        var sizes = header.Slice(4, 4 * header[3]);
        if (Read(stream, sizes, name) < sizes.Length)
            throw new IdxFormatException($"{name} is cut off inside its header: {sizes.Length / 4} dimensions were expected.");
        var dimensions = new int[sizes.Length / 4];
        for (var i = 0; i < dimensions.Length; i++)
        {
            dimensions[i] = BinaryPrimitives.ReadInt32BigEndian(sizes[(4 * i)..]);
            if (dimensions[i] < 0)
                throw new IdxFormatException($"{name} claims a dimension of {(uint)dimensions[i]}; at most {int.MaxValue} was expected.");
        }

        return (type, dimensions);
    }

    private static int ItemBytes(string name, IdxElementType type, int[] dimensions)
    {
        long size = type switch
        {
            IdxElementType.Int16 => 2,
            IdxElementType.Int32 or IdxElementType.Single => 4,
            IdxElementType.Double => 8,
            _ => 1,
        };
        foreach (var dimension in dimensions.Skip(1))
        {
            size *= dimension;
            if (size > MaxItemBytes)
                throw new IdxFormatException($"{name} claims items of {string.Join(" × ", dimensions.Skip(1))} {type}; at most {MaxItemBytes} bytes per item were expected.");
        }

        return (int)size;
    }

    private static int Read(Stream stream, Span<byte> buffer, string name)
    {
        try
        {
            return stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        }
        catch (InvalidDataException e)
        {
            throw new IdxFormatException($"{name} is a damaged or truncated gzip file: {e.Message}", e);
        }
    }
}
