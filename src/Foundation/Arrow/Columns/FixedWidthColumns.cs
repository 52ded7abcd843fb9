using System.Numerics;
using System.Runtime.InteropServices;

namespace EventMl.Arrow;

/// <summary>A column of plain values: numbers, dates, times, timestamps, durations, intervals; read it with <see cref="Column.Values{T}"/>.</summary>
public class PrimitiveColumn : Column
{
    private readonly ReadOnlyMemory<byte> _values;

    internal PrimitiveColumn(ArrowField field, Rows rows, ReadOnlyMemory<byte> values)
        : base(field, rows) => _values = values;

    internal ReadOnlySpan<byte> Bytes => _values.Span;

    internal ReadOnlyMemory<byte> Memory => _values;

    /// <inheritdoc />
    public override ReadOnlySpan<T> Values<T>() => typeof(T) == Field.Type.Layout.ClrType
        ? MemoryMarshal.Cast<byte, T>(_values.Span)
        : throw new InvalidOperationException($"Column '{Field.Name}' is {Field.Type}; read it as {Field.Type.Layout.ClrType!.Name}, not as {typeof(T).Name}.");

    /// <summary>A row of an integer column as 64 bits; unsigned values beyond their range become the largest.</summary>
    internal long GetInteger(int row) => Field.Type.Kind switch
    {
        ArrowKind.Int8 => Values<sbyte>()[row],
        ArrowKind.UInt8 => Values<byte>()[row],
        ArrowKind.Int16 => Values<short>()[row],
        ArrowKind.UInt16 => Values<ushort>()[row],
        ArrowKind.Int32 => Values<int>()[row],
        ArrowKind.UInt32 => Values<uint>()[row],
        ArrowKind.Int64 => Values<long>()[row],
        _ => (long)Math.Min(Values<ulong>()[row], long.MaxValue),
    };

    internal override void Flatten(BodyLayout body)
    {
        base.Flatten(body);
        body.Buffer(_values);
    }

    private protected override Column JoinAll(IReadOnlyList<Column> parts) => new PrimitiveColumn(Field, Rows.Join(parts), JoinValues(parts));

    private protected static byte[] JoinValues(IReadOnlyList<Column> parts) => ArrowMath.Join([.. parts.Select(p => ((PrimitiveColumn)p)._values)]);
}

/// <summary>A column of decimals of any width; <see cref="Column.Values{T}"/> gives the unscaled integers (Int32, Int64, Int128 or <see cref="Int256"/>).</summary>
public sealed class DecimalColumn : PrimitiveColumn
{
    internal DecimalColumn(ArrowField field, Rows rows, ReadOnlyMemory<byte> values)
        : base(field, rows, values)
    {
    }

    /// <summary>The integer of a row: its value is this × 10^-Scale; arbitrary where the row is null.</summary>
    public BigInteger GetUnscaled(int index)
    {
        CheckRow(index);
        var width = Field.Type.ByteWidth;
        return new BigInteger(Bytes.Slice(index * width, width));
    }

    /// <summary>The value of a row, or null.</summary>
    /// <exception cref="OverflowException">The value needs more than the 28 digits of a <see cref="decimal"/>.</exception>
    public decimal? GetDecimal(int index)
    {
        if (IsNull(index))
            return null;
        var (unscaled, scale) = (GetUnscaled(index), Field.Type.Scale);
        if (scale < 0)
            return scale >= -28 ? (decimal)(unscaled * BigInteger.Pow(10, -scale)) : unscaled.IsZero ? 0 : throw new OverflowException($"10^{-scale} does not fit a decimal.");
        var negative = unscaled.Sign < 0;
        var size = BigInteger.Abs(unscaled);
        return scale <= 28 && size < BigInteger.One << 96
            ? new decimal((int)(uint)(size & uint.MaxValue), (int)(uint)((size >> 32) & uint.MaxValue), (int)(uint)(size >> 64), negative, (byte)scale)
            : Reduce(unscaled, scale);
    }

    private protected override Column JoinAll(IReadOnlyList<Column> parts) => new DecimalColumn(Field, Rows.Join(parts), JoinValues(parts));

    /// <summary>Drops zeros at the end, which may bring the value into range.</summary>
    private static decimal Reduce(BigInteger unscaled, int scale)
    {
        var (value, left) = (unscaled, scale);
        while (left > 0 && !value.IsZero && BigInteger.Remainder(value, 10).IsZero)
        {
            value /= 10;
            left--;
        }

        if (value.IsZero)
            return 0;
        return left <= 28 ? (decimal)value / (decimal)BigInteger.Pow(10, left) : throw new OverflowException($"{value}e-{left} does not fit a decimal.");
    }
}

/// <summary>A column of bits.</summary>
public sealed class BoolColumn : Column
{
    private readonly ReadOnlyMemory<byte> _values;

    internal BoolColumn(ArrowField field, Rows rows, ReadOnlyMemory<byte> values)
        : base(field, rows) => _values = values;

    /// <summary>One bit per row, least significant first; arbitrary where the row is null.</summary>
    public ReadOnlySpan<byte> Bits => _values.Span;

    /// <summary>The value of a row; arbitrary where the row is null.</summary>
    public bool GetValue(int index)
    {
        CheckRow(index);
        return (_values.Span[index >> 3] & (1 << (index & 7))) != 0;
    }

    internal override void Flatten(BodyLayout body)
    {
        base.Flatten(body);
        body.Buffer(_values);
    }

    private protected override Column JoinAll(IReadOnlyList<Column> parts)
    {
        var bits = new BitBuffer();
        foreach (var part in parts.Cast<BoolColumn>())
            bits.Append(part.Bits, part.Length);
        return new BoolColumn(Field, Rows.Join(parts), bits.Take());
    }
}
