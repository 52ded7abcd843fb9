namespace EventMl.Arrow;

/// <summary>How the buffers of batches are packed.</summary>
public enum ArrowCompression
{
    /// <summary>Not at all: such files can be mapped and read without copying.</summary>
    None,

    /// <summary>LZ4 frames: fast, moderately small.</summary>
    Lz4,

    /// <summary>ZSTD: smaller and slower; needs the system's libzstd.</summary>
    Zstd,
}

/// <summary>How a writer writes.</summary>
public sealed record ArrowWriteOptions
{
    /// <summary>Plain buffers, whole dictionaries.</summary>
    public static ArrowWriteOptions Default { get; } = new();

    /// <summary>How buffers are packed.</summary>
    public ArrowCompression Compression { get; init; }

    /// <summary>
    /// Whether a dictionary that grows is continued by what is new. By default a file holds each dictionary once, whole, and a stream sends it again,
    /// which every reader understands; some (Polars among them) refuse deltas.
    /// </summary>
    public bool DictionaryDeltas { get; init; }
}
