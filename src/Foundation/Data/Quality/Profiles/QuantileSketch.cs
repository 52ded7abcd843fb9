namespace EventMl.Data.Quality;

/// <summary>
/// Quantiles of a stream in bounded memory, after Munro-Paterson and KLL without their coins: every compaction halves a sorted buffer, keeping odd and even
/// places in turn. Exact up to <see cref="Capacity"/> values; the error beyond is bounded for certain and known, about log2(n / capacity) / capacity of the rows.
/// </summary>
internal sealed class QuantileSketch
{
    public const int Capacity = 4096;

    private readonly List<Level> _levels = [new Level()];
    private long _displaced;

    public long Count { get; private set; }

    /// <summary>How far the rank of any answer can be off, as a share of all values; 0 when exact.</summary>
    public double RankError => Count == 0 ? 0 : (double)_displaced / Count;

    public void Add(ReadOnlySpan<double> values)
    {
        Count += values.Length;
        while (!values.IsEmpty)
        {
            var level = _levels[0];
            var taken = Math.Min(values.Length, Capacity - level.Size);
            values[..taken].CopyTo(level.Values.AsSpan(level.Size));
            level.Size += taken;
            values = values[taken..];
            if (level.Size == Capacity)
                Compact(0);
        }
    }

    public void Merge(QuantileSketch other)
    {
        for (var height = 0; height < other._levels.Count; height++)
            Put(height, other._levels[height].Values.AsSpan(0, other._levels[height].Size));
        Count += other.Count;
        _displaced += other._displaced;
    }

    /// <summary>The sorted values with the number of values up to and including each.</summary>
    public SortedSample Sample()
    {
        var values = new double[_levels.Sum(l => l.Size)];
        var weights = new long[values.Length];
        var at = 0;
        for (var height = 0; height < _levels.Count; height++)
        {
            _levels[height].Values.AsSpan(0, _levels[height].Size).CopyTo(values.AsSpan(at));
            weights.AsSpan(at, _levels[height].Size).Fill(1L << height);
            at += _levels[height].Size;
        }

        Array.Sort(values, weights);
        for (var i = 1; i < weights.Length; i++)
            weights[i] += weights[i - 1];
        return new SortedSample(values, weights);
    }

    private void Put(int height, ReadOnlySpan<double> values)
    {
        while (_levels.Count <= height)
            _levels.Add(new Level());
        foreach (var value in values)
        {
            var level = _levels[height];
            level.Values[level.Size++] = value;
            if (level.Size == Capacity)
                Compact(height);
        }
    }

    private void Compact(int height)
    {
        var level = _levels[height];
        Array.Sort(level.Values);
        var kept = new double[Capacity / 2];
        for (var i = 0; i < kept.Length; i++)
            kept[i] = level.Values[(2 * i) + (level.KeepsOdd ? 1 : 0)];
        level.KeepsOdd = !level.KeepsOdd;
        level.Size = 0;
        _displaced += 1L << height;
        Put(height + 1, kept);
    }

    private sealed class Level
    {
        public double[] Values { get; } = new double[Capacity];

        public int Size { get; set; }

        public bool KeepsOdd { get; set; }
    }
}

/// <summary>Sorted values, each with how many values stand at or before it.</summary>
internal sealed record SortedSample(double[] Values, long[] UpTo)
{
    public long Count => UpTo.Length == 0 ? 0 : UpTo[^1];

    /// <summary>The smallest value that at least the given share (0 to 1) of the values does not exceed.</summary>
    public double Quantile(double share)
    {
        var rank = Math.Clamp((long)Math.Ceiling(share * Count), 1, Count);
        var at = Array.BinarySearch(UpTo, rank);
        return Values[at < 0 ? ~at : at];
    }

    /// <summary>How many values do not exceed <paramref name="value"/>.</summary>
    public long Rank(double value)
    {
        var (low, high) = (0, Values.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Values[middle] <= value)
                low = middle + 1;
            else
                high = middle;
        }

        return low == 0 ? 0 : UpTo[low - 1];
    }
}
