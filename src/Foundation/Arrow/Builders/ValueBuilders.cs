using System.Numerics;
using System.Runtime.InteropServices;

namespace EventMl.Arrow;

/// <summary>Builds a column of plain values: numbers, dates (days), times, timestamps and durations (in the field's unit), intervals.</summary>
public sealed class PrimitiveBuilder<T> : ColumnBuilder
    where T : unmanaged
{
    private readonly ByteBuffer _values = new();

    internal PrimitiveBuilder(ArrowField field)
        : base(field)
    {
    }

    /// <summary>Appends a row.</summary>
    public void Append(T value)
    {
        _values.Append(value);
        Appended();
    }

    /// <summary>Appends many rows at once.</summary>
    public void Append(ReadOnlySpan<T> values)
    {
        var bytes = MemoryMarshal.AsBytes(values);
        bytes.CopyTo(_values.Extend(bytes.Length));
        Appended(values.Length);
    }

    internal override void AppendRaw(ReadOnlySpan<byte> value) => Append(MemoryMarshal.Read<T>(value));

    private protected override void AppendPlaceholder() => _values.Append(default(T));

    private protected override Column Build(Rows rows) => new PrimitiveColumn(Field, rows, _values.Take());
}

/// <summary>Builds a column of decimals of any width.</summary>
public sealed class DecimalBuilder : ColumnBuilder
{
    private readonly ByteBuffer _values = new();
    private readonly BigInteger _limit;

    internal DecimalBuilder(ArrowField field)
        : base(field) => _limit = BigInteger.Pow(10, field.Type.Precision);

    /// <summary>Appends a row.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value has more digits, or more behind the point, than the type.</exception>
    public void Append(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        var unscaled = new BigInteger(MemoryMarshal.AsBytes(bits[..3]), isUnsigned: true);
        var shift = Field.Type.Scale - ((bits[3] >> 16) & 0xFF);
        var (scaled, rest) = shift >= 0
            ? (unscaled * BigInteger.Pow(10, shift), BigInteger.Zero)
            : (BigInteger.DivRem(unscaled, BigInteger.Pow(10, -shift), out var remainder), remainder);
        if (!rest.IsZero)
            throw new ArgumentOutOfRangeException(nameof(value), value, $"Column '{Field.Name}' is {Field.Type}; round the value first.");
        AppendUnscaled(bits[3] < 0 ? -scaled : scaled);
    }

    /// <summary>Appends a row whose value is <paramref name="unscaled"/> × 10^-Scale.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value has more digits than the type.</exception>
    public void AppendUnscaled(BigInteger unscaled)
    {
        if (BigInteger.Abs(unscaled) >= _limit)
            throw new ArgumentOutOfRangeException(nameof(unscaled), unscaled, $"Column '{Field.Name}' is {Field.Type}; the value has more digits.");
        var bytes = _values.Extend(Field.Type.ByteWidth);
        bytes.Fill(unscaled.Sign < 0 ? (byte)0xFF : (byte)0);
        unscaled.TryWriteBytes(bytes, out _);
        Appended();
    }

    internal override void AppendRaw(ReadOnlySpan<byte> value) => AppendUnscaled(new BigInteger(value));

    private protected override void AppendPlaceholder() => _values.Extend(Field.Type.ByteWidth).Clear();

    private protected override Column Build(Rows rows) => new DecimalColumn(Field, rows, _values.Take());
}

/// <summary>Builds a column of byte strings of one length.</summary>
public sealed class FixedSizeBinaryBuilder : ColumnBuilder
{
    private readonly ByteBuffer _data = new();

    internal FixedSizeBinaryBuilder(ArrowField field)
        : base(field)
    {
    }

    /// <summary>Appends one or many rows that lie behind one another.</summary>
    /// <exception cref="ArgumentException">The data are not a whole number of rows.</exception>
    public void Append(ReadOnlySpan<byte> data)
    {
        var width = Field.Type.Size;
        if (width == 0 || data.Length == 0 || data.Length % width != 0)
            throw new ArgumentException($"Column '{Field.Name}' takes rows of {width} bytes; {data.Length} bytes were given.", nameof(data));
        data.CopyTo(_data.Extend(data.Length));
        Appended(data.Length / width);
    }

    internal override void AppendRaw(ReadOnlySpan<byte> value) => Append(value);

    private protected override void AppendPlaceholder() => _data.Extend(Field.Type.Size).Clear();

    private protected override Column Build(Rows rows) => new FixedSizeBinaryColumn(Field, rows, _data.Take());
}
