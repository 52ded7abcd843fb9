using System.Numerics;
using System.Runtime.InteropServices;

namespace EventMl.Arrow;

/// <summary>The values of one field in one batch; its spans live as long as the file or builder output they were read from.</summary>
public abstract class Column
{
    private readonly ReadOnlyMemory<byte> _validity;

    private protected Column(ArrowField field, int length, int nullCount, ReadOnlyMemory<byte> validity)
    {
        Field = field;
        Length = length;
        NullCount = nullCount;
        _validity = validity;
    }

    /// <summary>The field this column belongs to.</summary>
    public ArrowField Field { get; }

    /// <summary>Rows.</summary>
    public int Length { get; }

    /// <summary>Rows that are null.</summary>
    public int NullCount { get; }

    /// <summary>One bit per row, least significant first, 1 = has a value; empty when nothing is null.</summary>
    public ReadOnlySpan<byte> Validity => NullCount == 0 ? default : _validity.Span;

    /// <summary>Whether row <paramref name="index"/> has no value.</summary>
    public virtual bool IsNull(int index)
    {
        CheckRow(index);
        return NullCount != 0 && (_validity.Span[index >> 3] & (1 << (index & 7))) == 0;
    }

    /// <summary>The values without copying, also of the items of a fixed-size list (<c>Length × Size</c> of them); null rows hold arbitrary values.</summary>
    /// <exception cref="InvalidOperationException">The column does not hold <typeparamref name="T"/>.</exception>
    public virtual ReadOnlySpan<T> Values<T>()
        where T : unmanaged =>
        throw new InvalidOperationException($"Column '{Field.Name}' is {Field.Type}; it has no plain values of {typeof(T).Name}.");

    internal virtual void Flatten(BodyLayout body) => body.Node(this);

    internal ReadOnlyMemory<byte> ValidityBuffer => NullCount == 0 ? default : _validity;

    internal static int CountNulls(ReadOnlySpan<byte> validity, int length)
    {
        var valid = 0;
        var whole = length / 64;
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(validity)[..whole])
            valid += BitOperations.PopCount(word);
        for (var i = whole * 64; i < length; i++)
            valid += (validity[i >> 3] >> (i & 7)) & 1;
        return length - valid;
    }

    private protected void CheckRow(int index)
    {
        if ((uint)index >= (uint)Length)
            throw new ArgumentOutOfRangeException(nameof(index), index, $"Column '{Field.Name}' has {Length} rows.");
    }
}

/// <summary>A column of nulls.</summary>
public sealed class NullColumn : Column
{
    internal NullColumn(ArrowField field, int length)
        : base(field, length, length, default)
    {
    }

    /// <inheritdoc />
    public override bool IsNull(int index)
    {
        CheckRow(index);
        return true;
    }
}

/// <summary>A column of numbers, dates or timestamps; read it with <see cref="Column.Values{T}"/>.</summary>
public sealed class PrimitiveColumn : Column
{
    private readonly ReadOnlyMemory<byte> _values;

    internal PrimitiveColumn(ArrowField field, int length, int nullCount, ReadOnlyMemory<byte> validity, ReadOnlyMemory<byte> values)
        : base(field, length, nullCount, validity) => _values = values;

    /// <inheritdoc />
    public override ReadOnlySpan<T> Values<T>() => Holds<T>(Field.Type.Kind)
        ? MemoryMarshal.Cast<byte, T>(_values.Span)
        : throw new InvalidOperationException($"Column '{Field.Name}' is {Field.Type}; read it as {ClrName(Field.Type.Kind)}, not as {typeof(T).Name}.");

    internal static bool Holds<T>(ArrowKind kind) => typeof(T) == ClrType(kind);

    internal static string ClrName(ArrowKind kind) => ClrType(kind)?.Name ?? "no plain value";

    internal override void Flatten(BodyLayout body)
    {
        base.Flatten(body);
        body.Buffer(ValidityBuffer);
        body.Buffer(_values);
    }

    private static Type? ClrType(ArrowKind kind) => kind switch
    {
        ArrowKind.Int8 => typeof(sbyte),
        ArrowKind.UInt8 => typeof(byte),
        ArrowKind.Int16 => typeof(short),
        ArrowKind.UInt16 => typeof(ushort),
        ArrowKind.Int32 or ArrowKind.Date32 => typeof(int),
        ArrowKind.UInt32 => typeof(uint),
        ArrowKind.Int64 or ArrowKind.Timestamp => typeof(long),
        ArrowKind.UInt64 => typeof(ulong),
        ArrowKind.Float16 => typeof(Half),
        ArrowKind.Float32 => typeof(float),
        ArrowKind.Float64 => typeof(double),
        _ => null,
    };
}

/// <summary>A column of bits.</summary>
public sealed class BoolColumn : Column
{
    private readonly ReadOnlyMemory<byte> _values;

    internal BoolColumn(ArrowField field, int length, int nullCount, ReadOnlyMemory<byte> validity, ReadOnlyMemory<byte> values)
        : base(field, length, nullCount, validity) => _values = values;

    /// <summary>The value of a row; arbitrary where the row is null.</summary>
    public bool GetValue(int index)
    {
        CheckRow(index);
        return (_values.Span[index >> 3] & (1 << (index & 7))) != 0;
    }

    internal override void Flatten(BodyLayout body)
    {
        base.Flatten(body);
        body.Buffer(ValidityBuffer);
        body.Buffer(_values);
    }
}
