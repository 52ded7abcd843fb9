using System.Buffers.Binary;
using System.Numerics;
using System.Text.Unicode;
using EventMl.Arrow;

namespace EventMl.Data.Sources.Sql;

/// <summary>Takes the binary form of one PostgreSQL type into a column; answers why it does not fit, and then at most one placeholder was appended.</summary>
internal delegate string? TakeValue(ReadOnlySpan<byte> value, ColumnBuilder builder);

/// <summary>A column of a query: its Arrow type and how its values become that.</summary>
internal sealed record SqlColumn(ArrowType Type, TakeValue Take)
{
    private const long MicrosecondsBefore2000 = 946_684_800_000_000;
    private const int DaysBefore2000 = 10_957;

    /// <summary>The column for a type by its name in <c>pg_type</c>; null when there is none, and the query must cast it.</summary>
    /// <param name="name">Such as <c>int4</c>; an array begins with an underscore.</param>
    /// <param name="precision">The digits of a numeric.</param>
    /// <param name="scale">How many of them stand behind the point.</param>
    public static SqlColumn? Find(string name, int precision, int scale) => name switch
    {
        "bool" => new(Of(ArrowKind.Bool), static (v, b) => Append((BoolBuilder)b, v[0] != 0)),
        "int2" => new(Of(ArrowKind.Int16), static (v, b) => Append(b, BinaryPrimitives.ReadInt16BigEndian(v))),
        "int4" => new(Of(ArrowKind.Int32), static (v, b) => Append(b, BinaryPrimitives.ReadInt32BigEndian(v))),
        "int8" => new(Of(ArrowKind.Int64), static (v, b) => Append(b, BinaryPrimitives.ReadInt64BigEndian(v))),
        "oid" => new(Of(ArrowKind.UInt32), static (v, b) => Append(b, BinaryPrimitives.ReadUInt32BigEndian(v))),
        "float4" => new(Of(ArrowKind.Float32), static (v, b) => Append(b, BinaryPrimitives.ReadSingleBigEndian(v))),
        "float8" => new(Of(ArrowKind.Float64), static (v, b) => Append(b, BinaryPrimitives.ReadDoubleBigEndian(v))),
        "text" or "varchar" or "bpchar" or "name" or "char" or "json" or "xml" or "unknown" => new(Of(ArrowKind.Utf8), static (v, b) => Text(v, b)),
        "jsonb" => new(Of(ArrowKind.Utf8), static (v, b) => Text(v[1..], b)),
        "uuid" => new(Of(ArrowKind.Utf8), static (v, b) => Append((Utf8Builder)b, new Guid(v, bigEndian: true).ToString())),
        "bytea" => new(Of(ArrowKind.Binary), static (v, b) => Append((BinaryBuilder)b, v)),
        "date" => new(Of(ArrowKind.Date32), static (v, b) => Date(BinaryPrimitives.ReadInt32BigEndian(v), b)),
        "timestamp" => new(ArrowType.Timestamp(ArrowTimeUnit.Microsecond), static (v, b) => Instant(BinaryPrimitives.ReadInt64BigEndian(v), b)),
        "timestamptz" => new(ArrowType.Timestamp(ArrowTimeUnit.Microsecond, "UTC"), static (v, b) => Instant(BinaryPrimitives.ReadInt64BigEndian(v), b)),
        "time" => new(ArrowType.Time(ArrowTimeUnit.Microsecond), static (v, b) => Append(b, BinaryPrimitives.ReadInt64BigEndian(v))),
        "numeric" => Numeric(precision, scale),
        ['_', .. var item] => Find(item, precision, scale) is { } found ? new SqlColumn(ArrowType.List(found.Type), (v, b) => Items(v, (ListBuilder)b, found.Take)) : null,
        _ => null,
    };

    private static ArrowType Of(ArrowKind kind) => ArrowType.Of(kind);

    private static string? Append<T>(ColumnBuilder builder, T value)
        where T : unmanaged
    {
        ((PrimitiveBuilder<T>)builder).Append(value);
        return null;
    }

    private static string? Append(BoolBuilder builder, bool value)
    {
        builder.Append(value);
        return null;
    }

    private static string? Append(Utf8Builder builder, string value)
    {
        builder.Append(value);
        return null;
    }

    private static string? Append(BinaryBuilder builder, ReadOnlySpan<byte> value)
    {
        builder.Append(value);
        return null;
    }

    // A database whose encoding is SQL_ASCII keeps any bytes as text.
    private static string? Text(ReadOnlySpan<byte> value, ColumnBuilder builder) => Utf8.IsValid(value) ? Append((BinaryBuilder)builder, value) : "it is not valid UTF-8";

    private static string? Date(int days, ColumnBuilder builder) => days is int.MaxValue or int.MinValue ? "it is infinite" : Append(builder, days + DaysBefore2000);

    private static string? Instant(long microseconds, ColumnBuilder builder) =>
        microseconds is long.MaxValue or long.MinValue ? "it is infinite" : Append(builder, microseconds + MicrosecondsBefore2000);

    private static SqlColumn Numeric(int precision, int scale)
    {
        (precision, scale) = (Math.Min(precision, 38), Math.Min(scale, Math.Min(precision, 38)));
        var (limit, type) = (BigInteger.Pow(10, precision), ArrowType.Decimal(precision, scale));
        return new SqlColumn(type, (value, builder) =>
        {
            if (Unscaled(value, scale) is not { } unscaled || BigInteger.Abs(unscaled) >= limit)
            {
                return $"it is no {type}";
            }

            ((DecimalBuilder)builder).AppendUnscaled(unscaled);
            return null;
        });
    }

    /// <summary>The integer of a numeric × 10^scale; null for NaN, infinities and digits behind the scale.</summary>
    private static BigInteger? Unscaled(ReadOnlySpan<byte> value, int scale)
    {
        var (digits, weight, sign) = (BinaryPrimitives.ReadInt16BigEndian(value), BinaryPrimitives.ReadInt16BigEndian(value[2..]), BinaryPrimitives.ReadUInt16BigEndian(value[4..]));
        if (sign is not (0 or 0x4000))
        {
            return null;
        }

        BigInteger sum = 0;
        for (var i = 0; i < digits; i++)
        {
            sum = (sum * 10_000) + BinaryPrimitives.ReadInt16BigEndian(value[(8 + (2 * i))..]);
        }

        // The last digit, of base 10,000, stands 4 × (digits - 1 - weight) places behind the point.
        var shift = scale - (4 * (digits - 1 - weight));
        if (shift >= 0)
        {
            sum *= BigInteger.Pow(10, shift);
        }
        else
        {
            sum = BigInteger.DivRem(sum, BigInteger.Pow(10, -shift), out var rest);
            if (!rest.IsZero)
            {
                return null;
            }
        }

        return sign == 0 ? sum : -sum;
    }

    private static string? Items(ReadOnlySpan<byte> value, ListBuilder builder, TakeValue take)
    {
        var dimensions = BinaryPrimitives.ReadInt32BigEndian(value);
        if (dimensions > 1)
        {
            return $"it is an array of {dimensions} dimensions; only one can be kept";
        }

        var items = dimensions == 0 ? 0 : BinaryPrimitives.ReadInt32BigEndian(value[12..]);
        var rest = dimensions == 0 ? default : value[20..];
        string? fault = null;
        for (var i = 0; i < items; i++)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(rest);
            rest = rest[4..];
            if (length < 0)
            {
                builder.Items.AppendNull();
                continue;
            }

            if (take(rest[..length], builder.Items) is { } wrong)
            {
                builder.Items.AppendNull();
                fault ??= $"item {i + 1}: {wrong}";
            }

            rest = rest[length..];
        }

        builder.Append();
        return fault;
    }
}
