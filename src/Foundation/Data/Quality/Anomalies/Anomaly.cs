namespace EventMl.Data.Quality;

/// <summary>What is unusual.</summary>
public enum AnomalyKind
{
    /// <summary>The number of rows.</summary>
    Volume,

    /// <summary>The time since the last version.</summary>
    Freshness,

    /// <summary>The distribution of a column.</summary>
    Drift,

    /// <summary>The share of rows without a value.</summary>
    NullRate,

    /// <summary>The columns themselves.</summary>
    Columns,
}

/// <summary>Something unusual for this dataset.</summary>
/// <param name="Kind">What is unusual.</param>
/// <param name="Column">The column concerned, or null.</param>
/// <param name="Score">How unusual; in units of the kind (robust z, PSI, KS, a share).</param>
/// <param name="Limit">The score from which it is reported.</param>
/// <param name="Message">What was found and what was expected, in words.</param>
public sealed record Anomaly(AnomalyKind Kind, string? Column, double Score, double Limit, string Message);

/// <summary>A former version: its profile and when it was committed.</summary>
public sealed record FormerVersion(DatasetProfile Profile, DateTimeOffset CommittedAt);

/// <summary>From when on something is unusual.</summary>
public sealed record AnomalyOptions
{
    /// <summary>How many of the latest former versions count.</summary>
    public int Window { get; init; } = 10;

    /// <summary>With fewer former versions volume and freshness are not judged.</summary>
    public int MinHistory { get; init; } = 4;

    /// <summary>Robust z-score of volume and freshness.</summary>
    public double RobustZ { get; init; } = 3.5;

    /// <summary>Weight of the latest version in the exponentially weighted forecast of volume, 0 to 1.</summary>
    public double Smoothing { get; init; } = 0.3;

    /// <summary>Population stability index of a column against the median former version.</summary>
    public double Psi { get; init; } = 0.25;

    /// <summary>Kolmogorov-Smirnov statistic of a column against the median former version.</summary>
    public double Ks { get; init; } = 0.15;

    /// <summary>Rise of a column's share of nulls above the highest of the window, 0 to 1.</summary>
    public double NullJump { get; init; } = 0.05;
}
