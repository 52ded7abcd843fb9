namespace EventMl.Data.Quality;

/// <summary>Count, minimum, maximum, mean and standard deviation, gathered in one pass and merged by Chan's formula.</summary>
internal sealed class Moments
{
    private double _squares;

    public long Count { get; private set; }

    public double Min { get; private set; } = double.PositiveInfinity;

    public double Max { get; private set; } = double.NegativeInfinity;

    public double Mean { get; private set; }

    /// <summary>The sample standard deviation (divisor n - 1); 0 for a single value.</summary>
    public double StdDev => Count < 2 ? 0 : Math.Sqrt(_squares / (Count - 1));

    /// <summary>Adds finite values.</summary>
    public void Add(ReadOnlySpan<double> values)
    {
        if (values.IsEmpty)
            return;
        var (sum, min, max) = (0.0, Min, Max);
        foreach (var value in values)
        {
            sum += value;
            min = Math.Min(min, value);
            max = Math.Max(max, value);
        }

        // Centred on about its own mean a block keeps the precision that a plain sum of squares loses; what the centre is off is corrected.
        var centre = double.IsFinite(sum) ? sum / values.Length : (min / 2) + (max / 2);
        var (shift, squares) = (0.0, 0.0);
        foreach (var value in values)
        {
            var distance = (value - centre) / values.Length;
            shift += distance;
            squares += distance * (value - centre);
        }

        (Min, Max) = (min, max);
        Merge(values.Length, centre + shift, Math.Max(0, (squares - (shift * shift)) * values.Length));
    }

    public void Merge(Moments other)
    {
        if (other.Count == 0)
            return;
        (Min, Max) = (Math.Min(Min, other.Min), Math.Max(Max, other.Max));
        Merge(other.Count, other.Mean, other._squares);
    }

    private void Merge(long count, double mean, double squares)
    {
        var all = Count + count;
        var share = (double)count / all;
        var shift = mean - Mean;
        _squares += squares + (shift * shift * Count * share);
        Mean = Count == 0 ? mean : (Mean * (1 - share)) + (mean * share);
        Count = all;
    }
}
