namespace EventMl.Data.Quality;

/// <summary>What a dataset version looks like, column by column; written as JSON by <see cref="QualityJson"/>.</summary>
public sealed record DatasetProfile
{
    /// <summary>The layout of this record; 1.</summary>
    public int Format { get; init; } = 1;

    /// <summary>Rows of the version.</summary>
    public required long Rows { get; init; }

    /// <summary>One profile per column, in the schema's order.</summary>
    public required IReadOnlyList<ColumnProfile> Columns { get; init; }

    /// <summary>The first rows, each a JSON object as <see cref="RowJson"/> writes it.</summary>
    public required IReadOnlyList<string> Preview { get; init; }

    /// <summary>The profile of the column called <paramref name="name"/>, or null.</summary>
    public ColumnProfile? Column(string name) => Columns.FirstOrDefault(c => c.Name == name);
}

/// <summary>What one column looks like.</summary>
public sealed record ColumnProfile
{
    /// <summary>The column's name.</summary>
    public required string Name { get; init; }

    /// <summary>The column's Arrow type as schemas name it.</summary>
    public required string Type { get; init; }

    /// <summary>Rows with a value.</summary>
    public required long Count { get; init; }

    /// <summary>Rows without one.</summary>
    public required long Nulls { get; init; }

    /// <summary>Different values; null for nested types.</summary>
    public DistinctCount? Distinct { get; init; }

    /// <summary>Up to 20 most frequent values, the most frequent first; none for bytes and nested types.</summary>
    public IReadOnlyList<ValueCount> Top { get; init; } = [];

    /// <summary>By how much the counts of <see cref="Top"/> may be too low; 0 when they are exact.</summary>
    public long TopMissed { get; init; }

    /// <summary>Numbers, times of day and durations (seconds), dates and timestamps (seconds since 1970); null for other types.</summary>
    public NumericProfile? Numeric { get; init; }

    /// <summary>First and last instant of dates and timestamps, as text.</summary>
    public InstantRange? Instants { get; init; }

    /// <summary>Lengths of texts in characters (code points) and of binary values in bytes.</summary>
    public LengthProfile? Lengths { get; init; }

    /// <summary>The share of rows without a value, 0 to 1.</summary>
    public double NullShare() => Count + Nulls == 0 ? 0 : (double)Nulls / (Count + Nulls);

    /// <summary>Whether <see cref="Top"/> lists every value with its exact count.</summary>
    public bool ListsAllValues() => TopMissed == 0 && Distinct is { Exact: true } && Distinct.Value == Top.Count && Top.Count > 0;
}

/// <summary>A number of different values; where it is not exact, <paramref name="StandardError"/> is its relative standard error.</summary>
public sealed record DistinctCount(long Value, bool Exact, double StandardError);

/// <summary>A value and how often it occurs.</summary>
public sealed record ValueCount(string Value, long Count);

/// <summary>First and last instant.</summary>
public sealed record InstantRange(string Earliest, string Latest);

/// <summary>Lengths of texts or binary values.</summary>
public sealed record LengthProfile(long Min, long Max, double Mean, long Empty);

/// <summary>The distribution of numbers. NaN and infinities are counted and otherwise left out.</summary>
public sealed record NumericProfile
{
    /// <summary>Finite values.</summary>
    public required long Finite { get; init; }

    /// <summary>Values that are not a number.</summary>
    public required long Nan { get; init; }

    /// <summary>Positive and negative infinities.</summary>
    public required long Infinite { get; init; }

    /// <summary>Smallest finite value; null when there is none, as below.</summary>
    public double? Min { get; init; }

    /// <summary>Largest finite value.</summary>
    public double? Max { get; init; }

    /// <summary>Mean.</summary>
    public double? Mean { get; init; }

    /// <summary>Sample standard deviation (divisor n - 1).</summary>
    public double? Stddev { get; init; }

    /// <summary>101 values: the smallest value that at least 0, 1, … 100 % of the values do not exceed. Empty when there is no finite value.</summary>
    public IReadOnlyList<double> Percentiles { get; init; } = [];

    /// <summary>By what share of the rows a percentile's rank may be off, for certain; 0 when exact.</summary>
    public double RankError { get; init; }

    /// <summary>Values per bin of equal width between minimum and maximum.</summary>
    public IReadOnlyList<long> Histogram { get; init; } = [];

    /// <summary>The value at a share of 0 to 1, between the two nearest percentiles.</summary>
    public double Quantile(double share)
    {
        var place = Math.Clamp(share, 0, 1) * (Percentiles.Count - 1);
        var low = (int)place;
        var high = Math.Min(low + 1, Percentiles.Count - 1);
        return Percentiles[low] + ((place - low) * (Percentiles[high] - Percentiles[low]));
    }
}
