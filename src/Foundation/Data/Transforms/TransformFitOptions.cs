namespace EventMl.Data.Transforms;

/// <summary>What fitting may keep in memory; the parameters found do not depend on it.</summary>
public sealed record TransformFitOptions
{
    /// <summary>Values (of 8 bytes, doubled while they grow) that a step keeps to find medians and quantiles; beyond it the data are read more than once.</summary>
    public long ValuesInMemory { get; init; } = 1L << 24;

    /// <summary>Distinct categories, terms or modes that a step may meet before fitting fails with a hint.</summary>
    public int MaxDistinct { get; init; } = 4_000_000;
}
