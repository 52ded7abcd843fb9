namespace EventMl.Data.Quality;

/// <summary>Compares a version with the dataset's own history.</summary>
public static class AnomalyDetector
{
    // Row counts that differ by less than this share are never unusual, however regular the history is.
    private const double SmallestVolumeSpread = 0.02;
    private const double SmallestGapSpread = 0.5;

    /// <summary>What is unusual about <paramref name="current"/>.</summary>
    /// <param name="current">The profile of the version to judge.</param>
    /// <param name="history">Former versions, the oldest first.</param>
    /// <param name="now">The instant that counts as now, or when the version came.</param>
    /// <param name="options">Limits; null for the usual ones.</param>
    public static IReadOnlyList<Anomaly> Detect(DatasetProfile current, IReadOnlyList<FormerVersion> history, DateTimeOffset now, AnomalyOptions? options = null)
    {
        options ??= new AnomalyOptions();
        FormerVersion[] window = [.. history.TakeLast(options.Window)];
        if (window.Length == 0)
            return [];
        var found = new List<Anomaly?>();
        if (window.Length >= options.MinHistory)
        {
            found.Add(Volume(current.Rows, [.. window.Select(v => (double)v.Profile.Rows)], options));
            found.Add(Freshness(window, now, options));
        }

        found.AddRange(Columns(current, window[^1].Profile));
        foreach (var column in current.Columns)
        {
            ColumnProfile[] former = [.. window.Select(v => v.Profile.Column(column.Name)).OfType<ColumnProfile>().Where(c => c.Type == column.Type && c.Count + c.Nulls > 0)];
            if (former.Length == 0 || column.Count + column.Nulls == 0)
                continue;
            found.Add(NullRate(column, former, options));
            found.Add(Drift(column, former, options));
        }

        return [.. found.OfType<Anomaly>()];
    }

    /// <summary>Unusual is what neither the level nor the trend of the history explains, so that a dataset may grow steadily.</summary>
    private static Anomaly? Volume(long rows, double[] history, AnomalyOptions options)
    {
        var level = RobustSpread.Of(history);
        var floor = Math.Max(1, SmallestVolumeSpread * level.Median);
        var z = level.Score(rows, floor);
        var (forecast, error) = Forecast(history, options.Smoothing);
        var trendZ = (rows - forecast) / Math.Max(error, floor);
        var score = Math.Min(Math.Abs(z), Math.Abs(trendZ));
        return score <= options.RobustZ ? null : new Anomaly(AnomalyKind.Volume, null, score, options.RobustZ,
            FormattableString.Invariant($"{rows} rows; the last {history.Length} versions have a median of {level.Median:0}, and their trend leads to {forecast:0}"));
    }

    /// <summary>Level and trend, exponentially weighted (Holt), with the weighted size of the forecast's former errors.</summary>
    private static (double Next, double Error) Forecast(double[] history, double smoothing)
    {
        // The trend starts from the median step: a first step that is odd would mislead a short history.
        var steps = history.Skip(1).Zip(history, (next, before) => next - before).Order().ToArray();
        var (level, trend, variance) = (history[0], RobustSpread.MedianOf(steps), 0.0);
        foreach (var value in history.AsSpan(1))
        {
            var error = value - (level + trend);
            variance = ((1 - smoothing) * variance) + (smoothing * error * error);
            var next = level + trend + (smoothing * error);
            trend += smoothing * smoothing * error;
            level = next;
        }

        return (level + trend, Math.Sqrt(variance));
    }

    private static Anomaly? Freshness(FormerVersion[] window, DateTimeOffset now, AnomalyOptions options)
    {
        var gaps = RobustSpread.Of(window.Skip(1).Zip(window, (next, before) => (next.CommittedAt - before.CommittedAt).TotalSeconds));
        var gap = (now - window[^1].CommittedAt).TotalSeconds;
        var score = gaps.Score(gap, Math.Max(1, SmallestGapSpread * gaps.Median));
        return score <= options.RobustZ ? null : new Anomaly(AnomalyKind.Freshness, null, score, options.RobustZ,
            FormattableString.Invariant($"{gap / 3600:0.##} h since the last version; usually {gaps.Median / 3600:0.##} h pass"));
    }

    private static IEnumerable<Anomaly> Columns(DatasetProfile current, DatasetProfile last)
    {
        foreach (var column in last.Columns)
        {
            var now = current.Column(column.Name);
            if (now is null || now.Type != column.Type)
                yield return new Anomaly(AnomalyKind.Columns, column.Name, 1, 0, now is null ? $"column '{column.Name}' is gone" : $"column '{column.Name}' was {column.Type} and is {now.Type}");
        }
    }

    private static Anomaly? NullRate(ColumnProfile column, ColumnProfile[] former, AnomalyOptions options)
    {
        var highest = former.Max(c => c.NullShare());
        var rise = column.NullShare() - highest;
        return rise <= options.NullJump ? null : new Anomaly(AnomalyKind.NullRate, column.Name, rise, options.NullJump,
            FormattableString.Invariant($"{column.NullShare():0.#%} of '{column.Name}' are null; at most {highest:0.#%} were before"));
    }

    private static Anomaly? Drift(ColumnProfile column, ColumnProfile[] former, AnomalyOptions options)
    {
        // Small versions differ by chance; the limits rise to where chance alone hardly ever comes (p of about 0.01).
        var noise = former.Average(c => (1.0 / Math.Max(1, c.Count)) + (1.0 / Math.Max(1, column.Count)));
        (string Name, double? Value, double Limit)[] distances =
        [
            ("PSI", Median(former.Select(c => Distributions.Psi(c, column))), Math.Max(options.Psi, 22 * noise)),
            ("KS", Median(former.Select(c => Distributions.KolmogorovSmirnov(c, column))), Math.Max(options.Ks, 1.63 * Math.Sqrt(noise))),
        ];
        var (name, value, limit) = distances.MaxBy(d => (d.Value ?? 0) / d.Limit);
        return !(value > limit) ? null : new Anomaly(AnomalyKind.Drift, column.Name, value.Value, limit,
            FormattableString.Invariant($"the distribution of '{column.Name}' moved: {name} {value:0.###} against the last {former.Length} versions, limit {limit:0.###}"));
    }

    private static double? Median(IEnumerable<double?> values) => values.OfType<double>().Order().ToArray() is { Length: > 0 } sorted ? RobustSpread.MedianOf(sorted) : null;
}
