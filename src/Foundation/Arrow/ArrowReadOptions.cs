namespace EventMl.Arrow;

/// <summary>What a reader accepts of data that nobody vouches for.</summary>
public sealed record ArrowReadOptions
{
    /// <summary>The defaults.</summary>
    public static ArrowReadOptions Default { get; } = new();

    /// <summary>The most bytes that the compressed buffers of one batch, or all dictionaries of a file, may unpack to; 1 GiB by default.</summary>
    public long MaxUnpackedBytes { get; init; } = 1L << 30;

    /// <summary>The most bytes that one message of a stream may take; 1 GiB by default. Files are mapped, not copied, so it does not apply to them.</summary>
    public long MaxMessageBytes { get; init; } = 1L << 30;
}
