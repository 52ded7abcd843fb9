using EventMl.Arrow;

namespace EventMl.Data.Quality;

/// <summary>Gathers the profile of one column, batch by batch.</summary>
internal sealed class ColumnProfiler(ArrowField field)
{
    private const int Bins = 20;
    private const int TopValues = 20;
    private const int LongestText = 200;

    private readonly Moments _moments = new();
    private readonly QuantileSketch _sketch = new();
    private readonly DistinctCounter _distinct = new();
    private readonly FrequentValues _frequent = new();
    private readonly Moments _lengths = new();
    private double[] _finite = [];
    private double[] _sizes = [];
    private ArrowType? _type;
    private long _count;
    private long _nulls;
    private long _nan;
    private long _infinite;
    private long _empty;

    private ValueClass Class { get; } = ColumnValues.ClassOf(field.Type);

    public void Observe(ColumnValues values)
    {
        _type = values.Type;
        if (Class is ValueClass.Number or ValueClass.Instant)
            ObserveNumbers(values);
        else if (Class is ValueClass.Text or ValueClass.Bytes)
            ObserveLengths(values);
        ObserveKeys(values);
    }

    public void Merge(ColumnProfiler other)
    {
        _type ??= other._type;
        _count += other._count;
        _nulls += other._nulls;
        _nan += other._nan;
        _infinite += other._infinite;
        _empty += other._empty;
        _moments.Merge(other._moments);
        _lengths.Merge(other._lengths);
        _sketch.Merge(other._sketch);
        _distinct.Merge(other._distinct);
        _frequent.Merge(other._frequent);
    }

    public ColumnProfile Build() => new()
    {
        Name = field.Name,
        Type = field.Type.ToString(),
        Count = _count,
        Nulls = _nulls,
        Distinct = Class == ValueClass.Other ? null : new DistinctCount(Math.Min(_distinct.Estimate, _count), _distinct.IsExact, _distinct.IsExact ? 0 : DistinctCounter.StandardError),
        Top = _type is null || Class is ValueClass.Other or ValueClass.Bytes ? [] : [.. _frequent.Top(TopValues, key => ColumnValues.TextOf(key, _type))],
        TopMissed = _frequent.Missed,
        Numeric = Class is ValueClass.Number or ValueClass.Instant ? Numbers() : null,
        Instants = Class == ValueClass.Instant && _moments.Count > 0 ? new InstantRange(ClockText.Instant(_moments.Min), ClockText.Instant(_moments.Max)) : null,
        Lengths = _lengths.Count == 0 ? null : new LengthProfile((long)_lengths.Min, (long)_lengths.Max, _lengths.Mean, _empty),
    };

    private NumericProfile Numbers()
    {
        var none = _moments.Count == 0;
        var sample = _sketch.Sample();
        return new NumericProfile
        {
            Finite = _moments.Count,
            Nan = _nan,
            Infinite = _infinite,
            Min = none ? null : _moments.Min,
            Max = none ? null : _moments.Max,
            Mean = none ? null : _moments.Mean,
            Stddev = none ? null : _moments.StdDev,
            Percentiles = none ? [] : [_moments.Min, .. Enumerable.Range(1, 99).Select(p => sample.Quantile(p / 100.0)), _moments.Max],
            RankError = _sketch.RankError,
            Histogram = none ? [] : Histogram(sample),
        };
    }

    private long[] Histogram(SortedSample sample)
    {
        var (min, max) = (_moments.Min, _moments.Max);
        if (min >= max)
            return [sample.Count];
        var counts = new long[Bins];
        var before = 0L;
        for (var bin = 0; bin < Bins; bin++)
        {
            // Halved before they are subtracted, since the difference of two finite numbers may be infinite.
            var edge = bin == Bins - 1 ? max : 2 * ((min / 2) + (((max / 2) - (min / 2)) * ((bin + 1.0) / Bins)));
            var upTo = bin == Bins - 1 ? sample.Count : sample.Rank(edge);
            counts[bin] = upTo - before;
            before = upTo;
        }

        return counts;
    }

    private void ObserveNumbers(ColumnValues values)
    {
        var numbers = values.Numbers;
        if (_finite.Length < numbers.Length)
            _finite = new double[numbers.Length];
        var size = 0;
        var checksNulls = values.HasNulls;
        for (var row = 0; row < numbers.Length; row++)
        {
            if (checksNulls && values.IsNull(row))
                continue;
            var number = numbers[row];
            if (double.IsFinite(number))
                _finite[size++] = number;
            else if (double.IsNaN(number))
                _nan++;
            else
                _infinite++;
        }

        _moments.Add(_finite.AsSpan(0, size));
        _sketch.Add(_finite.AsSpan(0, size));
    }

    private void ObserveLengths(ColumnValues values)
    {
        if (_sizes.Length < values.Length)
            _sizes = new double[values.Length];
        var size = 0;
        for (var row = 0; row < values.Length; row++)
        {
            if (values.IsNull(row))
                continue;
            var length = Class == ValueClass.Text ? Characters(values.Bytes(row)) : values.Bytes(row).Length;
            _sizes[size++] = length;
            if (length == 0)
                _empty++;
        }

        _lengths.Add(_sizes.AsSpan(0, size));
    }

    private void ObserveKeys(ColumnValues values)
    {
        var checksNulls = values.HasNulls;
        var names = !values.HasExactKeys && Class != ValueClass.Bytes;
        for (var row = 0; row < values.Length; row++)
        {
            if (checksNulls && values.IsNull(row))
            {
                _nulls++;
                continue;
            }

            _count++;
            if (Class == ValueClass.Other)
                continue;
            var key = values.Key(row);
            _distinct.Add(key);
            if (Class == ValueClass.Bytes || !_frequent.Add(key))
                continue;
            if (names)
                _frequent.Name(key, Shorten(values.Text(row)));
            _frequent.Trim();
        }
    }

    private static int Characters(ReadOnlySpan<byte> utf8)
    {
        var count = 0;
        foreach (var value in utf8)
        {
            if ((value & 0xC0) != 0x80)
                count++;
        }

        return count;
    }

    private static string Shorten(string text) => text.Length <= LongestText ? text : string.Concat(text.AsSpan(0, LongestText - 1), "…");
}
