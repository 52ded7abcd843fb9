using System.Numerics;
using EventMl.Arrow;

namespace EventMl.Bench.Lake;

/// <summary>Sums of numeric columns, straight from the mapping: integers into 64 bits, floats into doubles.</summary>
internal static class ColumnSums
{
    /// <summary>The sum of each column of a batch.</summary>
    public static double[] Of(RecordBatch batch) => [.. Enumerable.Range(0, batch.Schema.Fields.Count).Select(i => Of(batch.Column(i)))];

    private static double Of(Column column) => column.Field.Type.Kind switch
    {
        ArrowKind.Int64 => Long(column.Values<long>()),
        ArrowKind.Int32 => Integer(column.Values<int>()),
        ArrowKind.Float32 => Single(column.Values<float>()),
        ArrowKind.Float64 => Double(column.Values<double>()),
        var kind => throw new NotSupportedException($"no sums of {kind}"),
    };

    private static long Long(ReadOnlySpan<long> values)
    {
        var (a, b, i) = (Vector<long>.Zero, Vector<long>.Zero, 0);
        for (; i <= values.Length - (2 * Vector<long>.Count); i += 2 * Vector<long>.Count)
        {
            a += new Vector<long>(values[i..]);
            b += new Vector<long>(values[(i + Vector<long>.Count)..]);
        }

        var sum = Vector.Sum(a + b);
        for (; i < values.Length; i++)
        {
            sum += values[i];
        }

        return sum;
    }

    private static long Integer(ReadOnlySpan<int> values)
    {
        var (a, b, i) = (Vector<long>.Zero, Vector<long>.Zero, 0);
        for (; i <= values.Length - Vector<int>.Count; i += Vector<int>.Count)
        {
            Vector.Widen(new Vector<int>(values[i..]), out var low, out var high);
            a += low;
            b += high;
        }

        var sum = Vector.Sum(a + b);
        for (; i < values.Length; i++)
        {
            sum += values[i];
        }

        return sum;
    }

    private static double Single(ReadOnlySpan<float> values)
    {
        var (a, b, i) = (Vector<double>.Zero, Vector<double>.Zero, 0);
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(new Vector<float>(values[i..]), out var low, out var high);
            a += low;
            b += high;
        }

        var sum = Vector.Sum(a + b);
        for (; i < values.Length; i++)
        {
            sum += values[i];
        }

        return sum;
    }

    private static double Double(ReadOnlySpan<double> values)
    {
        var (a, b, i) = (Vector<double>.Zero, Vector<double>.Zero, 0);
        for (; i <= values.Length - (2 * Vector<double>.Count); i += 2 * Vector<double>.Count)
        {
            a += new Vector<double>(values[i..]);
            b += new Vector<double>(values[(i + Vector<double>.Count)..]);
        }

        var sum = Vector.Sum(a + b);
        for (; i < values.Length; i++)
        {
            sum += values[i];
        }

        return sum;
    }
}
