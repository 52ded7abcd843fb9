namespace EventMl.Data.Quality;

/// <summary>Rows from <paramref name="First"/> to <paramref name="Last"/>, both included, counted from 0.</summary>
public sealed record RowRange(long First, long Last);

/// <summary>Numbers of rows as ascending ranges; <paramref name="Truncated"/> says that there are more than are listed.</summary>
public sealed record RowSet(IReadOnlyList<RowRange> Ranges, bool Truncated)
{
    /// <summary>The most ranges a set lists.</summary>
    public const int MaxRanges = 100_000;

    /// <summary>No rows.</summary>
    public static RowSet Empty { get; } = new([], false);

    /// <summary>How many rows are listed.</summary>
    public long Count() => Ranges.Sum(r => r.Last - r.First + 1);

    /// <summary>The rows one by one.</summary>
    public IEnumerable<long> Rows()
    {
        foreach (var range in Ranges)
        {
            for (var row = range.First; row <= range.Last; row++)
                yield return row;
        }
    }

    /// <summary>The rows of this set that are not in the other.</summary>
    public RowSet Except(RowSet other)
    {
        var left = new RowSetBuilder();
        var next = 0;
        foreach (var row in Rows())
        {
            while (next < other.Ranges.Count && other.Ranges[next].Last < row)
                next++;
            if (next == other.Ranges.Count || other.Ranges[next].First > row)
                left.Add(row);
        }

        return left.Build() with { Truncated = Truncated || other.Truncated };
    }

    /// <inheritdoc />
    public override string ToString() => string.Join(", ", Ranges.Select(r => r.First == r.Last ? $"{r.First}" : $"{r.First}-{r.Last}")) + (Truncated ? ", …" : "");
}

/// <summary>Collects ascending row numbers.</summary>
internal sealed class RowSetBuilder
{
    private readonly List<RowRange> _ranges = [];
    private bool _truncated;

    public void Add(long row)
    {
        if (_ranges.Count > 0 && _ranges[^1].Last == row - 1)
            _ranges[^1] = _ranges[^1] with { Last = row };
        else if (_ranges.Count < RowSet.MaxRanges)
            _ranges.Add(new RowRange(row, row));
        else
            _truncated = true;
    }

    public RowSet Build() => new([.. _ranges], _truncated);
}
