using EventMl.Arrow;

namespace EventMl.Data.Quality;

/// <summary>How outliers of a column are told.</summary>
public enum OutlierMethod
{
    /// <summary>Beyond the quartiles by more than the threshold times their distance; 3 is Tukey's "far out".</summary>
    Iqr,

    /// <summary>More than the threshold times the standard deviation from the median, the deviation estimated from the quartiles; 3.5 is usual.</summary>
    RobustZ,
}

/// <summary>A value far from the others of its column; <paramref name="Row"/> counts from 0, <paramref name="Score"/> is in the method's unit.</summary>
public sealed record OutlierValue(long Row, string Column, double Value, double Score);

/// <summary>Finds rows with numbers far from the others, in a second pass over the rows that were profiled. Columns whose quartiles are equal are left out.</summary>
public sealed class OutlierDetector
{
    // The distance of a normal distribution's quartiles in standard deviations.
    private const double QuartileDistance = 1.349;

    private readonly List<Fence> _fences = [];
    private readonly OutlierMethod _method;
    private readonly double _threshold;
    private long _rows;

    /// <summary>A detector for the numeric columns of a profile, or for some of them.</summary>
    public OutlierDetector(DatasetProfile profile, OutlierMethod method = OutlierMethod.Iqr, double threshold = 3, IReadOnlyCollection<string>? columns = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threshold);
        (_method, _threshold) = (method, threshold);
        foreach (var column in profile.Columns.Where(c => columns is null || columns.Contains(c.Name)))
        {
            if (column.Numeric is { Percentiles.Count: > 0 } numbers && column.Instants is null && numbers.Percentiles[75] > numbers.Percentiles[25])
                _fences.Add(new Fence(column.Name, numbers.Percentiles[25], numbers.Percentiles[50], numbers.Percentiles[75]));
        }
    }

    /// <summary>The outliers of a batch, row by row; infinities are outliers, NaN and nulls are not.</summary>
    public IReadOnlyList<OutlierValue> Observe(RecordBatch batch)
    {
        var found = new List<OutlierValue>();
        foreach (var fence in _fences)
        {
            var values = new ColumnValues(batch.Column(fence.Column));
            var numbers = values.Numbers;
            for (var row = 0; row < numbers.Length; row++)
            {
                var score = Score(fence, numbers[row]);
                if (score > _threshold && !values.IsNull(row))
                    found.Add(new OutlierValue(_rows + row, fence.Column, numbers[row], score));
            }
        }

        _rows += batch.Length;
        return [.. found.OrderBy(o => o.Row)];
    }

    private double Score(Fence fence, double value) => _method == OutlierMethod.Iqr
        ? Math.Max(fence.Low - value, value - fence.High) / (fence.High - fence.Low)
        : Math.Abs(value - fence.Median) * QuartileDistance / (fence.High - fence.Low);

    private sealed record Fence(string Column, double Low, double Median, double High);
}
