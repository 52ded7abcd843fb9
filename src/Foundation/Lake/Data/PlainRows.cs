using System.Runtime.InteropServices;
using EventMl.Arrow;

namespace EventMl.Lake.Data;

/// <summary>Rows whose values all have the same number of bytes.</summary>
internal abstract class PlainRows
{
    /// <summary>What fits a builder; null where its values are of another kind.</summary>
    public static PlainRows? For(ColumnBuilder builder) => builder switch
    {
        PrimitiveBuilder<sbyte> => new PlainRows<sbyte>(),
        PrimitiveBuilder<short> => new PlainRows<short>(),
        PrimitiveBuilder<int> => new PlainRows<int>(),
        PrimitiveBuilder<long> => new PlainRows<long>(),
        PrimitiveBuilder<byte> => new PlainRows<byte>(),
        PrimitiveBuilder<ushort> => new PlainRows<ushort>(),
        PrimitiveBuilder<uint> => new PlainRows<uint>(),
        PrimitiveBuilder<ulong> => new PlainRows<ulong>(),
        PrimitiveBuilder<Half> => new PlainRows<Half>(),
        PrimitiveBuilder<float> => new PlainRows<float>(),
        PrimitiveBuilder<double> => new PlainRows<double>(),
        PrimitiveBuilder<DayTimeInterval> => new PlainRows<DayTimeInterval>(),
        PrimitiveBuilder<MonthDayNanoInterval> => new PlainRows<MonthDayNanoInterval>(),
        DecimalBuilder => builder.Field.Type.Kind switch
        {
            ArrowKind.Decimal32 => new PlainRows<int>(),
            ArrowKind.Decimal64 => new PlainRows<long>(),
            ArrowKind.Decimal128 => new PlainRows<Int128>(),
            _ => new PlainRows<Int256>(),
        },
        _ => null,
    };

    /// <summary>Appends rows at once; false where the builder takes them one by one.</summary>
    public abstract bool TryAppend(ColumnBuilder target, Column source, int start, int count);

    /// <summary>The bytes of a row's value.</summary>
    public abstract ReadOnlySpan<byte> BytesOf(Column source, int row);
}

internal sealed class PlainRows<T> : PlainRows
    where T : unmanaged
{
    public override bool TryAppend(ColumnBuilder target, Column source, int start, int count)
    {
        if (target is not PrimitiveBuilder<T> builder)
            return false;
        builder.Append(source.Values<T>().Slice(start, count));
        return true;
    }

    public override ReadOnlySpan<byte> BytesOf(Column source, int row) => MemoryMarshal.AsBytes(source.Values<T>().Slice(row, 1));
}
