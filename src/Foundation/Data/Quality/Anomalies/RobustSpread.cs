namespace EventMl.Data.Quality;

/// <summary>Median and median absolute deviation: a centre and a spread that a few odd values do not move.</summary>
internal sealed record RobustSpread(double Median, double Spread)
{
    // What makes the median absolute deviation of a normal distribution its standard deviation.
    private const double ToStandardDeviation = 1.4826;

    public static RobustSpread Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        var median = MedianOf(sorted);
        return new RobustSpread(median, ToStandardDeviation * MedianOf([.. sorted.Select(v => Math.Abs(v - median)).Order()]));
    }

    /// <summary>How many spreads a value is from the median, when the spread is at least <paramref name="floor"/>.</summary>
    public double Score(double value, double floor) => (value - Median) / Math.Max(Spread, floor);

    public static double MedianOf(double[] sorted) => sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
}
