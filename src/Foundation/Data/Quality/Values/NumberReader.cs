using System.Globalization;
using System.Numerics;
using EventMl.Arrow;

namespace EventMl.Data.Quality;

/// <summary>Reads columns of numbers and instants as doubles; integers beyond 2^53 and fractions of microseconds are rounded.</summary>
internal static class NumberReader
{
    public static double[] Read(Column column) => column.Field.Type.Kind switch
    {
        ArrowKind.Int8 => Convert<sbyte>(column),
        ArrowKind.Int16 => Convert<short>(column),
        ArrowKind.Int32 => Convert<int>(column),
        ArrowKind.Int64 => Convert<long>(column),
        ArrowKind.UInt8 => Convert<byte>(column),
        ArrowKind.UInt16 => Convert<ushort>(column),
        ArrowKind.UInt32 => Convert<uint>(column),
        ArrowKind.UInt64 => Convert<ulong>(column),
        ArrowKind.Float16 => Convert<Half>(column),
        ArrowKind.Float32 => Convert<float>(column),
        ArrowKind.Float64 => column.Values<double>()[..column.Length].ToArray(),
        ArrowKind.Date32 => Scale(Convert<int>(column), 86_400, 1),
        ArrowKind.Date64 => Scale(Convert<long>(column), 1, 1000),
        ArrowKind.Time32 => Scale(Convert<int>(column), 1, StepsPerSecond(column.Field.Type.Unit)),
        ArrowKind.Time64 or ArrowKind.Timestamp or ArrowKind.Duration => Scale(Convert<long>(column), 1, StepsPerSecond(column.Field.Type.Unit)),
        _ when column is DecimalColumn decimals => Decimals(decimals),
        _ => throw new InvalidOperationException($"Column '{column.Field.Name}' is {column.Field.Type}; it holds no numbers."),
    };

    public static double StepsPerSecond(ArrowTimeUnit unit) => unit switch
    {
        ArrowTimeUnit.Second => 1,
        ArrowTimeUnit.Millisecond => 1e3,
        ArrowTimeUnit.Microsecond => 1e6,
        _ => 1e9,
    };

    private static double[] Convert<T>(Column column)
        where T : unmanaged, INumberBase<T>
    {
        var values = column.Values<T>()[..column.Length];
        var numbers = new double[values.Length];
        for (var i = 0; i < values.Length; i++)
            numbers[i] = double.CreateTruncating(values[i]);
        return numbers;
    }

    private static double[] Scale(double[] values, double factor, double divisor)
    {
        for (var i = 0; i < values.Length; i++)
            values[i] = values[i] * factor / divisor;
        return values;
    }

    private static double[] Decimals(DecimalColumn column)
    {
        var numbers = new double[column.Length];
        for (var row = 0; row < numbers.Length; row++)
        {
            if (!column.IsNull(row))
                numbers[row] = double.Parse(DecimalText.Of(column.GetUnscaled(row), column.Field.Type.Scale), CultureInfo.InvariantCulture);
        }

        return numbers;
    }
}
