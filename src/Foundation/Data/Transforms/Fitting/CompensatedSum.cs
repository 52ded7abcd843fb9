using System.Runtime.InteropServices;
using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Transforms.Fitting;

/// <summary>A sum in twice the precision of a double, so that neither the order of rows nor their number shows in it.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct CompensatedSum
{
    public double High { get; private set; }

    public double Low { get; private set; }

    public readonly double Value => High + Low;

    public void Add(double value)
    {
        var sum = High + value;
        var part = sum - High;
        Low += (High - (sum - part)) + (value - part);
        High = sum;
    }

    public void AddProduct(double left, double right)
    {
        var product = left * right;
        Add(product);
        Low += Math.FusedMultiplyAdd(left, right, -product);
    }

    /// <summary>This minus left × right ÷ n, where both are nearly the same.</summary>
    public readonly double MinusProduct(CompensatedSum left, CompensatedSum right, long n)
    {
        var product = left.High * right.High;
        var rest = Math.FusedMultiplyAdd(left.High, right.High, -product) + (left.High * right.Low) + (left.Low * right.High);
        var quotient = product / n;
        rest = (Math.FusedMultiplyAdd(-quotient, n, product) + rest) / n;
        return (High - quotient) + (Low - rest);
    }
}

/// <summary>Count, mean, variance and extremes of one feature; missing values do not count.</summary>
internal sealed class Moments
{
    private CompensatedSum _sum;
    private CompensatedSum _squares;
    private double _shift;

    public long Count { get; private set; }

    public double Min { get; private set; } = double.PositiveInfinity;

    public double Max { get; private set; } = double.NegativeInfinity;

    public double Mean => Count == 0 ? double.NaN : _shift + (_sum.Value / Count);

    /// <summary>Of all rows as the whole population.</summary>
    public double Variance => Count == 0 ? double.NaN : Math.Max(0, _squares.MinusProduct(_sum, _sum, Count) / Count);

    public void Add(double value)
    {
        if (double.IsNaN(value))
            return;
        // Distances from the first value are small where values share an offset.
        if (Count++ == 0)
            _shift = value;
        var distance = value - _shift;
        _sum.Add(distance);
        _squares.AddProduct(distance, distance);
        (Min, Max) = (Math.Min(Min, value), Math.Max(Max, value));
    }

    /// <summary>Moments of every feature, in order.</summary>
    public static Moments[] For(int features) => [.. Enumerable.Range(0, features).Select(_ => new Moments())];

    /// <summary>Adds rows, feature by feature.</summary>
    public static void Add(Moments[] features, Matrix matrix)
    {
        for (var row = 0; row < matrix.Rows; row++)
        {
            var numbers = matrix.Row(row);
            for (var i = 0; i < features.Length; i++)
                features[i].Add(numbers[i]);
        }
    }
}
