using System.Numerics;
using EventMl.Arrow;

namespace EventMl.Data.Transforms.Values;

/// <summary>Reads columns of numbers, bits and vectors as one matrix of doubles.</summary>
internal static class NumberReader
{
    /// <exception cref="TransformException">A value is infinite.</exception>
    public static Matrix Read(string place, IReadOnlyList<Column> columns, int rows)
    {
        var matrix = new Matrix(rows, columns.Sum(c => c.Field.Type.Width()));
        var at = 0;
        foreach (var column in columns)
        {
            Read(column, matrix, at);
            at += column.Field.Type.Width();
        }

        RefuseInfinity(place, columns, matrix);
        return matrix;
    }

    private static void Read(Column column, Matrix matrix, int at)
    {
        var width = column.Field.Type.Width();
        var items = column is FixedSizeListColumn list ? list.Items : column;
        switch (items.Field.Type.Kind)
        {
            case ArrowKind.Bool: ReadBits((BoolColumn)items, matrix, at); break;
            case ArrowKind.Int8: Copy(items.Values<sbyte>(), matrix, at, width); break;
            case ArrowKind.UInt8: Copy(items.Values<byte>(), matrix, at, width); break;
            case ArrowKind.Int16: Copy(items.Values<short>(), matrix, at, width); break;
            case ArrowKind.UInt16: Copy(items.Values<ushort>(), matrix, at, width); break;
            case ArrowKind.Int32: Copy(items.Values<int>(), matrix, at, width); break;
            case ArrowKind.UInt32: Copy(items.Values<uint>(), matrix, at, width); break;
            case ArrowKind.Int64: Copy(items.Values<long>(), matrix, at, width); break;
            case ArrowKind.UInt64: Copy(items.Values<ulong>(), matrix, at, width); break;
            case ArrowKind.Float16: Copy(items.Values<Half>(), matrix, at, width); break;
            case ArrowKind.Float32: Copy(items.Values<float>(), matrix, at, width); break;
            case ArrowKind.Float64: Copy(items.Values<double>(), matrix, at, width); break;
            default: ReadDecimals((DecimalColumn)items, matrix, at); break;
        }

        for (var i = 0; items.NullCount > 0 && i < items.Length; i++)
        {
            if (items.IsNull(i))
                matrix.Row(i / width)[at + (i % width)] = double.NaN;
        }

        for (var row = 0; column.NullCount > 0 && row < column.Length; row++)
        {
            if (column.IsNull(row))
                matrix.Row(row).Slice(at, width).Fill(double.NaN);
        }
    }

    private static void Copy<T>(ReadOnlySpan<T> values, Matrix matrix, int at, int width)
        where T : unmanaged, INumber<T>
    {
        var from = 0;
        for (var row = 0; row < matrix.Rows; row++)
        {
            var target = matrix.Row(row).Slice(at, width);
            for (var i = 0; i < target.Length; i++)
                target[i] = double.CreateTruncating(values[from++]);
        }
    }

    private static void ReadBits(BoolColumn column, Matrix matrix, int at)
    {
        for (var row = 0; row < column.Length; row++)
            matrix.Row(row)[at] = column.GetValue(row) ? 1 : 0;
    }

    private static void ReadDecimals(DecimalColumn column, Matrix matrix, int at)
    {
        for (var row = 0; row < column.Length; row++)
        {
            var digits = column.IsNull(row) ? BigInteger.Zero : column.GetUnscaled(row);
            // Parsing rounds once, where dividing by a power of ten would round twice.
            matrix.Row(row)[at] = double.Parse($"{digits}e{-column.Field.Type.Scale}");
        }
    }

    private static void RefuseInfinity(string place, IReadOnlyList<Column> columns, Matrix matrix)
    {
        for (var i = 0; i < matrix.Data.Length; i++)
        {
            if (!double.IsInfinity(matrix.Data[i]))
                continue;
            var feature = i % matrix.Width;
            var column = columns.First(c => (feature -= c.Field.Type.Width()) < 0);
            throw new TransformException($"{place}: column '{column.Field.Name}' is infinite in row {i / matrix.Width} of the batch; make it null, or drop the row.");
        }
    }
}
