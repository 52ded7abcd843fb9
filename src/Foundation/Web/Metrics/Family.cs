using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace EventMl.Web.Metrics;

/// <summary>All series of one instrument.</summary>
internal sealed class Family
{
    /// <summary>Series an instrument may have; what comes after goes into one that says so.</summary>
    public const int MaxSeries = 1_000;

    private static readonly double[] Seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
    private static readonly double[] Plain = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 100_000, 1_000_000];

    private readonly ConcurrentDictionary<string, Series> _series = new(StringComparer.Ordinal);
    private readonly Accumulation _accumulation;
    private readonly double[] _bounds;
    private readonly string _help;

    private Family(Instrument instrument, string type, Accumulation accumulation, double[] bounds)
    {
        Type = type;
        _accumulation = accumulation;
        _bounds = bounds;
        _help = instrument.Description ?? "";
        Name = PrometheusText.MetricName(instrument.Name, instrument.Unit, type);
    }

    private enum Accumulation
    {
        Add,
        Keep,
        Observe,
        Bucket,
    }

    public string Name { get; }

    public string Type { get; }

    /// <summary>The family of an instrument; null for a kind that Prometheus has no words for.</summary>
    public static Family? For(Instrument instrument)
    {
        var kind = instrument.GetType();
        var name = kind.IsGenericType ? kind.GetGenericTypeDefinition() : null;
        return name switch
        {
            _ when name == typeof(Counter<>) => new Family(instrument, "counter", Accumulation.Add, []),
            _ when name == typeof(UpDownCounter<>) => new Family(instrument, "gauge", Accumulation.Add, []),
            _ when name == typeof(Gauge<>) => new Family(instrument, "gauge", Accumulation.Keep, []),
            _ when name == typeof(Histogram<>) => new Family(instrument, "histogram", Accumulation.Bucket, Bounds(instrument)),
            _ when name == typeof(ObservableCounter<>) => new Family(instrument, "counter", Accumulation.Observe, []),
            _ when name == typeof(ObservableUpDownCounter<>) || name == typeof(ObservableGauge<>) => new Family(instrument, "gauge", Accumulation.Observe, []),
            _ => null,
        };
    }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var series = Find(PrometheusText.Labels(tags));
        lock (series)
        {
            switch (_accumulation)
            {
                case Accumulation.Add:
                    series.Value += value;
                    break;
                case Accumulation.Bucket when !double.IsNaN(value):
                    var bucket = Array.BinarySearch(_bounds, value);
                    series.Counts[bucket >= 0 ? bucket : ~bucket]++;
                    series.Value += value;
                    break;
                default:
                    series.Value = value;
                    break;
            }
        }
    }

    /// <summary>What is only asked for at a scrape must not outlive the thing it was about.</summary>
    public void ForgetObserved()
    {
        if (_accumulation == Accumulation.Observe)
        {
            _series.Clear();
        }
    }

    public void WriteHeader(StringBuilder text)
    {
        if (_help.Length > 0)
        {
            text.Append("# HELP ").Append(Name).Append(' ').Append(PrometheusText.EscapeHelp(_help)).Append('\n');
        }

        text.Append("# TYPE ").Append(Name).Append(' ').Append(Type).Append('\n');
    }

    public void WriteSeries(StringBuilder text)
    {
        foreach (var (labels, series) in _series.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            lock (series)
            {
                if (_accumulation == Accumulation.Bucket)
                {
                    WriteHistogram(text, labels, series);
                }
                else
                {
                    PrometheusText.Sample(text, Name, labels, series.Value);
                }
            }
        }
    }

    private static double[] Bounds(Instrument instrument)
    {
        var advised = instrument switch
        {
            Histogram<double> h => h.Advice?.HistogramBucketBoundaries?.ToArray(),
            Histogram<float> h => h.Advice?.HistogramBucketBoundaries?.Select(b => (double)b).ToArray(),
            Histogram<long> h => h.Advice?.HistogramBucketBoundaries?.Select(b => (double)b).ToArray(),
            Histogram<int> h => h.Advice?.HistogramBucketBoundaries?.Select(b => (double)b).ToArray(),
            _ => null,
        };
        return advised ?? (instrument.Unit is "s" or "seconds" ? Seconds : Plain);
    }

    private Series Find(string labels)
    {
        if (_series.TryGetValue(labels, out var found))
        {
            return found;
        }

        return _series.GetOrAdd(_series.Count < MaxSeries ? labels : PrometheusText.Overflow, _ => new Series(_bounds.Length + 1));
    }

    private void WriteHistogram(StringBuilder text, string labels, Series series)
    {
        var total = 0L;
        for (var i = 0; i < series.Counts.Length; i++)
        {
            total += series.Counts[i];
            var bound = i < _bounds.Length ? _bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf";
            PrometheusText.Sample(text, $"{Name}_bucket", labels.Length == 0 ? $"le=\"{bound}\"" : $"{labels},le=\"{bound}\"", total);
        }

        PrometheusText.Sample(text, $"{Name}_sum", labels, series.Value);
        PrometheusText.Sample(text, $"{Name}_count", labels, total);
    }

    private sealed class Series(int buckets)
    {
        public long[] Counts { get; } = new long[buckets];

        public double Value { get; set; }
    }
}
