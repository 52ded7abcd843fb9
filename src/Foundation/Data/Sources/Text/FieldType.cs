using System.Numerics;
using EventMl.Arrow;

namespace EventMl.Data.Sources.Text;

/// <summary>Turns the text of a field into a value of one Arrow type.</summary>
internal abstract class FieldType(ArrowType type)
{
    public ArrowType Type => type;

    /// <summary>Appends the value; false, and nothing appended, where the text does not fit the type.</summary>
    public abstract bool TryAppend(ReadOnlySpan<byte> text, ColumnBuilder builder);

    /// <summary>How a text becomes this type.</summary>
    /// <exception cref="SourceException">Texts do not become that type.</exception>
    public static FieldType For(ArrowType type) => type.Kind switch
    {
        ArrowKind.Bool => new BoolFieldType(type),
        ArrowKind.Int8 => new IntegerFieldType<sbyte>(type),
        ArrowKind.Int16 => new IntegerFieldType<short>(type),
        ArrowKind.Int32 => new IntegerFieldType<int>(type),
        ArrowKind.Int64 => new Int64FieldType(type),
        ArrowKind.UInt8 => new IntegerFieldType<byte>(type),
        ArrowKind.UInt16 => new IntegerFieldType<ushort>(type),
        ArrowKind.UInt32 => new IntegerFieldType<uint>(type),
        ArrowKind.UInt64 => new UInt64FieldType(type),
        ArrowKind.Float32 => new Float32FieldType(type),
        ArrowKind.Float64 => new Float64FieldType(type),
        ArrowKind.Date32 => new DateFieldType(type),
        ArrowKind.Timestamp => new TimestampFieldType(type),
        ArrowKind.Decimal128 => new DecimalFieldType(type),
        ArrowKind.Utf8 => new TextFieldType(type),
        _ => throw new SourceException($"A text cannot become {type}; use {TypeNames.All}."),
    };

    protected static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text) => text.Length > 0 && (text[0] <= ' ' || text[^1] <= ' ') ? text.Trim(" \t"u8) : text;
}

internal sealed class TextFieldType(ArrowType type) : FieldType(type)
{
    public override bool TryAppend(ReadOnlySpan<byte> text, ColumnBuilder builder)
    {
        ((Utf8Builder)builder).Append(text);
        return true;
    }
}

internal sealed class BoolFieldType(ArrowType type) : FieldType(type)
{
    public override bool TryAppend(ReadOnlySpan<byte> text, ColumnBuilder builder)
    {
        if (!Scalars.TryBool(Trim(text), out var value))
        {
            return false;
        }

        ((BoolBuilder)builder).Append(value);
        return true;
    }
}

internal sealed class Int64FieldType(ArrowType type) : FieldType(type)
{
    public override bool TryAppend(ReadOnlySpan<byte> text, ColumnBuilder builder)
    {
        if (!Scalars.TryInt64(text, out var value) && !Scalars.TryInt64(Trim(text), out value))
        {
            return false;
        }

        ((PrimitiveBuilder<long>)builder).Append(value);
        return true;
    }
}

internal sealed class UInt64FieldType(ArrowType type) : FieldType(type)
{
    public override bool TryAppend(ReadOnlySpan<byte> text, ColumnBuilder builder)
    {
        if (!ulong.TryParse(Trim(text), System.Globalization.NumberStyles.AllowLeadingSign, null, out var value))
        {
            return false;
        }

        ((PrimitiveBuilder<ulong>)builder).Append(value);
        return true;
    }
}

/// <summary>Integers that lie within 64 bits with a sign.</summary>
internal sealed class IntegerFieldType<T>(ArrowType type) : FieldType(type)
    where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
{
    private static readonly long _min = long.CreateChecked(T.MinValue);
    private static readonly long _max = long.CreateChecked(T.MaxValue);

    public override bool TryAppend(ReadOnlySpan<byte> text, ColumnBuilder builder)
    {
        if (!Scalars.TryInt64(Trim(text), out var value) || value < _min || value > _max)
        {
            return false;
        }

        ((PrimitiveBuilder<T>)builder).Append(T.CreateTruncating(value));
        return true;
    }
}

internal sealed class Float64FieldType(ArrowType type) : FieldType(type)
{
    public override bool TryAppend(ReadOnlySpan<byte> text, ColumnBuilder builder)
    {
        if (!Scalars.TryDouble(text, out var value) && !Scalars.TryDouble(Trim(text), out value))
        {
            return false;
        }

        ((PrimitiveBuilder<double>)builder).Append(value);
        return true;
    }
}

internal sealed class Float32FieldType(ArrowType type) : FieldType(type)
{
    public override bool TryAppend(ReadOnlySpan<byte> text, ColumnBuilder builder)
    {
        if (!Scalars.TrySingle(Trim(text), out var value))
        {
            return false;
        }

        ((PrimitiveBuilder<float>)builder).Append(value);
        return true;
    }
}

internal sealed class DateFieldType(ArrowType type) : FieldType(type)
{
    public override bool TryAppend(ReadOnlySpan<byte> text, ColumnBuilder builder)
    {
        if (!Scalars.TryDate(Trim(text), out var days))
        {
            return false;
        }

        ((PrimitiveBuilder<int>)builder).Append(days);
        return true;
    }
}

/// <summary>Instants: with a zone in the text where the type has one, without where it has none; a date alone is its midnight.</summary>
internal sealed class TimestampFieldType(ArrowType type) : FieldType(type)
{
    private const int DateLength = 10;
    private readonly bool _zoned = type.TimeZone is not null;

    public override bool TryAppend(ReadOnlySpan<byte> text, ColumnBuilder builder)
    {
        if (!Scalars.TryTimestamp(Trim(text), out var seconds, out var nanos, out var zoned) || (zoned != _zoned && text.Length > DateLength))
        {
            return false;
        }

        long value;
        try
        {
            value = checked(Type.Unit switch
            {
                ArrowTimeUnit.Second => seconds,
                ArrowTimeUnit.Millisecond => (seconds * 1000) + (nanos / 1_000_000),
                ArrowTimeUnit.Microsecond => (seconds * 1_000_000) + (nanos / 1000),
                _ => (seconds * 1_000_000_000) + nanos,
            });
        }
        catch (OverflowException)
        {
            return false;
        }

        ((PrimitiveBuilder<long>)builder).Append(value);
        return true;
    }
}

internal sealed class DecimalFieldType(ArrowType type) : FieldType(type)
{
    private readonly BigInteger _limit = BigInteger.Pow(10, type.Precision);

    public override bool TryAppend(ReadOnlySpan<byte> text, ColumnBuilder builder)
    {
        if (!Scalars.TryDecimal(Trim(text), Type.Scale, out var unscaled) || BigInteger.Abs(unscaled) >= _limit)
        {
            return false;
        }

        ((DecimalBuilder)builder).AppendUnscaled(unscaled);
        return true;
    }
}
