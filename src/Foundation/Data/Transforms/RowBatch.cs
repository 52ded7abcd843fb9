using System.Collections;
using System.Globalization;
using System.Text.Json;
using EventMl.Arrow;
using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Transforms;

/// <summary>One row as a batch and back, so that serving runs the code that fitting ran.</summary>
internal sealed class RowBatch(ArrowSchema inputs)
{
    // A shared dictionary has no use for one row. One schema for all rows, since steps remember what they make of it.
    private readonly ArrowSchema _schema = new([.. inputs.Fields.Select(f => f.Type.Kind == ArrowKind.Dictionary ? new ArrowField(f.Name, ArrowType.Of(ArrowKind.Utf8)) : f)]);

    public RecordBatch Build(IReadOnlyDictionary<string, object?> row)
    {
        var columns = new Column[_schema.Fields.Count];
        for (var i = 0; i < columns.Length; i++)
        {
            var field = _schema.Fields[i];
            if (!row.TryGetValue(field.Name, out var value))
                throw new TransformException($"The row has no '{field.Name}'; give null where it is unknown. The pipeline needs {string.Join(", ", _schema.Fields.Select(f => f.Name))}.");
            var builder = ColumnBuilder.For(field);
            try
            {
                Append(builder, value is JsonElement json ? Plain(json) : value);
            }
            catch (Exception e) when (e is InvalidCastException or FormatException or OverflowException or ArgumentException or InvalidOperationException)
            {
                throw new TransformException($"'{field.Name}' is {Show(value)}, which does not fit {field.Type}: {e.Message}", e);
            }

            columns[i] = builder.Build();
        }

        return new RecordBatch(_schema, columns);
    }

    public static IReadOnlyDictionary<string, object?> Read(RecordBatch batch)
    {
        var row = new Dictionary<string, object?>(batch.Schema.Fields.Count, StringComparer.Ordinal);
        for (var i = 0; i < batch.Schema.Fields.Count; i++)
            row[batch.Schema.Fields[i].Name] = Value(batch.Column(i));
        return row;
    }

    private static void Append(ColumnBuilder builder, object? value)
    {
        switch (builder)
        {
            case var _ when value is null: builder.AppendNull(); break;
            case BoolBuilder bits: bits.Append(Convert.ToBoolean(value, CultureInfo.InvariantCulture)); break;
            case PrimitiveBuilder<double> b: b.Append(Convert.ToDouble(value, CultureInfo.InvariantCulture)); break;
            case PrimitiveBuilder<float> b: b.Append(Convert.ToSingle(value, CultureInfo.InvariantCulture)); break;
            case PrimitiveBuilder<Half> b: b.Append((Half)Convert.ToSingle(value, CultureInfo.InvariantCulture)); break;
            case PrimitiveBuilder<sbyte> b: b.Append(checked((sbyte)Integer(value))); break;
            case PrimitiveBuilder<byte> b: b.Append(checked((byte)Integer(value))); break;
            case PrimitiveBuilder<short> b: b.Append(checked((short)Integer(value))); break;
            case PrimitiveBuilder<ushort> b: b.Append(checked((ushort)Integer(value))); break;
            case PrimitiveBuilder<uint> b: b.Append(checked((uint)Integer(value))); break;
            case PrimitiveBuilder<ulong> b: b.Append(Convert.ToUInt64(value, CultureInfo.InvariantCulture)); break;
            case PrimitiveBuilder<int> b: b.Append(checked((int)(builder.Field.Type.IsDate() ? Ticks(value, builder.Field.Type) : Integer(value)))); break;
            case PrimitiveBuilder<long> b: b.Append(builder.Field.Type.IsDate() ? Ticks(value, builder.Field.Type) : Integer(value)); break;
            case DecimalBuilder b: b.Append(Convert.ToDecimal(value, CultureInfo.InvariantCulture)); break;
            case Utf8Builder b: b.Append((string)value); break;
            case FixedSizeBinaryBuilder b: b.Append((byte[])value); break;
            case FixedSizeListBuilder b:
                foreach (var item in (IEnumerable)value)
                    Append(b.Items, item is JsonElement json ? Plain(json) : item);
                b.Append();
                break;
            default: throw new InvalidCastException("rows do not hold this type.");
        }
    }

    // A fraction is an error, not a rounded number.
    private static long Integer(object value) => value is double or float or decimal && Convert.ToDecimal(value, CultureInfo.InvariantCulture) is var number
        ? decimal.IsInteger(number) ? (long)number : throw new FormatException("it is not a whole number.")
        : Convert.ToInt64(value, CultureInfo.InvariantCulture);

    /// <summary>An instant in the steps of a column's type, which an integer is already; a time without zone is taken as it stands.</summary>
    private static long Ticks(object value, ArrowType type)
    {
        if (value is long or int)
            return Integer(value);
        var ticks = (value switch
        {
            DateTimeOffset instant => type.TimeZone is null ? instant.DateTime : instant.UtcDateTime,
            DateTime time => time,
            DateOnly date => date.ToDateTime(TimeOnly.MinValue),
            string text when type.TimeZone is not null => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).UtcDateTime,
            string text => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).DateTime,
            _ => throw new InvalidCastException("give a date, or a text such as 2026-03-01T12:00:00Z."),
        }).Ticks - DateTime.UnixEpoch.Ticks;
        return type.Kind switch
        {
            ArrowKind.Date32 => Floor(ticks, TimeSpan.TicksPerDay),
            ArrowKind.Date64 => Floor(ticks, TimeSpan.TicksPerDay) * (TimeSpan.TicksPerDay / TimeSpan.TicksPerMillisecond),
            _ => type.Unit switch
            {
                ArrowTimeUnit.Second => Floor(ticks, TimeSpan.TicksPerSecond),
                ArrowTimeUnit.Millisecond => Floor(ticks, TimeSpan.TicksPerMillisecond),
                ArrowTimeUnit.Microsecond => Floor(ticks, TimeSpan.TicksPerMicrosecond),
                _ => checked(ticks * TimeSpan.NanosecondsPerTick),
            },
        };
    }

    private static long Floor(long ticks, long unit) => (ticks - (((ticks % unit) + unit) % unit)) / unit;

    private static object? Plain(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => json.GetString(),
        JsonValueKind.Number => json.TryGetInt64(out var integer) ? integer : json.GetDouble(),
        JsonValueKind.Array => json.EnumerateArray().ToArray(),
        _ => throw new InvalidCastException("an object is no value of a column."),
    };

    private static string Show(object? value) => value switch
    {
        null => "null",
        string text => $"'{(text.Length > 80 ? text[..80] : text)}'",
        _ => $"{value} ({value.GetType().Name})",
    };

    private static object? Value(Column column) =>
        column.IsNull(0) ? null
        : column.Field.Type.IsText() ? CategoryReader.Texts(column)[0]
        : column switch
        {
            FixedSizeListColumn vector => vector.Items.Field.Type.Kind == ArrowKind.Float32 ? vector.Values<float>().ToArray() : NumberReader.Read("the row", [column], 1).Data,
            FixedSizeBinaryColumn bytes => bytes.GetSpan(0).ToArray(),
            StructColumn sparse => SparseVector.Read(sparse, 0),
            _ when column.Field.Type.Kind == ArrowKind.Float32 => column.Values<float>()[0],
            _ when column.Field.Type.IsDate() => column.Field.Type.ByteWidth == sizeof(int) ? column.Values<int>()[0] : column.Values<long>()[0],
            BoolColumn bits => bits.GetValue(0),
            _ when column.Field.Type.IsInteger() => CategoryReader.Integer(column, 0),
            _ => NumberReader.Read("the row", [column], 1).Data[0],
        };
}
