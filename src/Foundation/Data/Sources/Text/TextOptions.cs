using EventMl.Arrow;

namespace EventMl.Data.Sources.Text;

/// <summary>How a text of rows is read.</summary>
public record TextOptions
{
    /// <summary>The type that a column has whatever its sample says, or null.</summary>
    internal ArrowType? Given(string column) => Types.GetValueOrDefault(column) ?? KnownTypes.GetValueOrDefault(column);

    /// <summary>Types that are given instead of found; by column name.</summary>
    public IReadOnlyDictionary<string, ArrowType> Types { get; init; } = new Dictionary<string, ArrowType>(StringComparer.Ordinal);

    /// <summary>Types of columns that are likely there, taken where nothing else is given; by column name.</summary>
    public IReadOnlyDictionary<string, ArrowType> KnownTypes { get; init; } = new Dictionary<string, ArrowType>(StringComparer.Ordinal);

    /// <summary>Rows from the beginning that types are found from.</summary>
    public int SampleRows { get; init; } = 10_000;

    /// <summary>The longest row, in bytes; a longer one ends the reading.</summary>
    public int MaxRowBytes { get; init; } = 16 << 20;

    /// <summary>Bytes of text that become one batch.</summary>
    public int ChunkBytes { get; init; } = 4 << 20;

    /// <summary>The most times its size that gzip may unpack to, once it is beyond 64 MiB.</summary>
    public double MaxUnpackRatio { get; init; } = 200;

    /// <summary>Chunks that are parsed at the same time.</summary>
    public int Parallelism { get; init; } = Math.Clamp(Environment.ProcessorCount, 1, 8);
}
