namespace EventMl.Data.Quality;

/// <summary>How far two profiles of a column are apart.</summary>
public static class Distributions
{
    private const int PsiBins = 10;
    private const int RowsPerCategory = 5;

    // A share of zero would make the index infinite.
    private const double SmallestShare = 1e-4;

    /// <summary>
    /// The population stability index over the reference's deciles, or over the values where both profiles list all of them and they repeat; below 0.1 is usually called stable,
    /// above 0.25 shifted. Null where the columns cannot be compared.
    /// </summary>
    public static double? Psi(ColumnProfile reference, ColumnProfile current)
    {
        if (Categories(reference, current) is { } categories)
            return categories.Sum(c => PsiTerm(c.Reference, c.Current));
        if (!HaveNumbers(reference, current))
            return null;
        var (before, now) = (reference.Numeric!, current.Numeric!);
        var edges = Enumerable.Range(1, PsiBins - 1).Select(i => before.Percentiles[i * 100 / PsiBins]).Distinct().ToArray();
        double[] upToBefore = [0, .. edges.Select(e => ShareUpTo(before, e)), 1];
        double[] upToNow = [0, .. edges.Select(e => ShareUpTo(now, e)), 1];
        return Enumerable.Range(0, upToNow.Length - 1).Sum(i => PsiTerm(upToBefore[i + 1] - upToBefore[i], upToNow[i + 1] - upToNow[i]));
    }

    /// <summary>The Kolmogorov-Smirnov statistic, 0 to 1, to within 0.02 and the sketches' rank errors. Null where the columns hold no numbers.</summary>
    public static double? KolmogorovSmirnov(ColumnProfile reference, ColumnProfile current)
    {
        if (!HaveNumbers(reference, current))
            return null;
        var (before, now) = (reference.Numeric!, current.Numeric!);
        return before.Percentiles.Concat(now.Percentiles).Max(value => Math.Abs(ShareUpTo(before, value) - ShareUpTo(now, value)));
    }

    /// <summary>The chance (p-value of Pearson's chi-square test of homogeneity) that both columns come from one distribution. Null where a profile does not list all its values, or they hardly repeat.</summary>
    public static double? ChiSquare(ColumnProfile reference, ColumnProfile current)
    {
        if (Categories(reference, current) is not { } categories)
            return null;
        double all = reference.Count + current.Count;
        var statistic = 0.0;
        foreach (var (before, now) in categories)
        {
            var (countBefore, countNow) = (before * reference.Count, now * current.Count);
            var (expectedBefore, expectedNow) = ((countBefore + countNow) * reference.Count / all, (countBefore + countNow) * current.Count / all);
            statistic += Square(countBefore - expectedBefore) / expectedBefore;
            statistic += Square(countNow - expectedNow) / expectedNow;
        }

        return categories.Count < 2 ? 1 : IncompleteGamma.Upper((categories.Count - 1) / 2.0, statistic / 2);
    }

    /// <summary>The share of values that do not exceed <paramref name="value"/>, read from the percentiles.</summary>
    internal static double ShareUpTo(NumericProfile numbers, double value)
    {
        var points = numbers.Percentiles;
        var (low, high) = (0, points.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (points[middle] <= value)
                low = middle + 1;
            else
                high = middle;
        }

        if (low == 0)
            return 0;
        if (low == points.Count)
            return 1;
        var width = points[low] - points[low - 1];
        return (low - 1 + (double.IsFinite(width) ? (value - points[low - 1]) / width : 0)) / (points.Count - 1);
    }

    private static List<(double Reference, double Current)>? Categories(ColumnProfile reference, ColumnProfile current)
    {
        if (!AreCategories(reference) || !AreCategories(current))
            return null;
        var now = current.Top.ToDictionary(v => v.Value, v => (double)v.Count / current.Count, StringComparer.Ordinal);
        var before = reference.Top.ToDictionary(v => v.Value, v => (double)v.Count / reference.Count, StringComparer.Ordinal);
        return [.. before.Keys.Union(now.Keys, StringComparer.Ordinal).Select(v => (before.GetValueOrDefault(v), now.GetValueOrDefault(v)))];
    }

    // Values that hardly repeat are no categories, however few there are.
    private static bool AreCategories(ColumnProfile column) => column.ListsAllValues() && column.Count >= RowsPerCategory * column.Distinct!.Value;

    private static bool HaveNumbers(ColumnProfile reference, ColumnProfile current) =>
        reference.Numeric is { Percentiles.Count: > 1 } && current.Numeric is { Percentiles.Count: > 1 };

    private static double PsiTerm(double before, double now)
    {
        (before, now) = (Math.Max(before, SmallestShare), Math.Max(now, SmallestShare));
        return (now - before) * Math.Log(now / before);
    }

    private static double Square(double value) => value * value;
}
