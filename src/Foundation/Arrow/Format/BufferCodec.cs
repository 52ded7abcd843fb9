namespace EventMl.Arrow.Format;

/// <summary>Packs and unpacks the buffers of a batch one by one.</summary>
internal abstract class BufferCodec
{
    /// <summary>Stands before a buffer that would not have become smaller.</summary>
    public const long StoredRaw = -1;

    private static readonly Lz4Codec s_lz4 = new();
    private static readonly ZstdCodec s_zstd = new();

    public abstract string Name { get; }

    /// <summary>The number in the file.</summary>
    public abstract byte Code { get; }

    /// <summary>No buffer unpacks to more than this many times its size.</summary>
    public abstract long MaxRatio { get; }

    /// <summary>The codec that a batch names.</summary>
    /// <exception cref="ArrowFormatException">It is not known, or its library is not installed.</exception>
    public static BufferCodec Of(byte code, byte method, string where) => (code, method) switch
    {
        (0, 0) => s_lz4,
        (1, 0) => ZstdCodec.Missing is null ? s_zstd : throw new ArrowFormatException($"{where} is compressed with ZSTD. {ZstdCodec.Missing}"),
        _ => throw new ArrowFormatException($"{where} is compressed with codec {code} by method {method}, which is not known; write it with LZ4 or ZSTD."),
    };

    /// <summary>The codec to write with, or null.</summary>
    /// <exception cref="NotSupportedException">Its library is not installed.</exception>
    public static BufferCodec? Of(ArrowCompression compression) => compression switch
    {
        ArrowCompression.None => null,
        ArrowCompression.Lz4 => s_lz4,
        ArrowCompression.Zstd => ZstdCodec.Missing is null ? s_zstd : throw new NotSupportedException(ZstdCodec.Missing),
        _ => throw new ArgumentOutOfRangeException(nameof(compression), compression, "There is no such compression."),
    };

    /// <summary>Fills <paramref name="plain"/> exactly.</summary>
    /// <exception cref="ArrowFormatException">The data are damaged.</exception>
    public abstract void Unpack(ReadOnlySpan<byte> packed, Span<byte> plain, string column);

    /// <summary>The most bytes that packing can take.</summary>
    public abstract int Bound(int plain);

    /// <summary>Packs into a span of at least <see cref="Bound"/> bytes; returns how many were used.</summary>
    public abstract int Pack(ReadOnlySpan<byte> plain, Span<byte> packed);
}
