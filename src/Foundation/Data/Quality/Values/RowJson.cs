using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using EventMl.Arrow;

namespace EventMl.Data.Quality;

/// <summary>Rows as JSON objects in one spelling: columns in the schema's order, bytes as base64, instants as ISO 8601, decimals and 64-bit integers as exact numbers.</summary>
public static class RowJson
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>One row of a batch; text that is no UTF-8 is written with replacement characters, NaN and infinities as text.</summary>
    public static string Row(RecordBatch batch, int row)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, s_options))
        {
            json.WriteStartObject();
            for (var i = 0; i < batch.Schema.Fields.Count; i++)
            {
                json.WritePropertyName(batch.Schema.Fields[i].Name);
                Write(json, batch.Column(i), row);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>One value as JSON.</summary>
    public static string Value(Column column, int row)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, s_options))
            Write(json, column, row);
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, Column column, int row)
    {
        if (column.IsNull(row))
        {
            json.WriteNullValue();
            return;
        }

        switch (column)
        {
            case DictionaryColumn dictionary:
                Write(json, dictionary.Dictionary, dictionary.GetIndex(row));
                break;
            case RunEndColumn runs:
                Write(json, runs.RunValues, runs.GetRun(row));
                break;
            case UnionColumn union:
                var (child, at) = union.GetPlace(row);
                Write(json, union.Children[child], at);
                break;
            case StructColumn record:
                json.WriteStartObject();
                foreach (var part in record.Children)
                {
                    json.WritePropertyName(part.Field.Name);
                    Write(json, part, row);
                }

                json.WriteEndObject();
                break;
            case ListColumn list:
                Items(json, list.Items, list.GetRange(row).GetOffsetAndLength(list.Items.Length));
                break;
            case FixedSizeListColumn list:
                Items(json, list.Items, (row * list.ListSize, list.ListSize));
                break;
            default:
                Plain(json, column, row);
                break;
        }
    }

    private static void Items(Utf8JsonWriter json, Column items, (int Offset, int Length) range)
    {
        json.WriteStartArray();
        for (var i = 0; i < range.Length; i++)
            Write(json, items, range.Offset + i);
        json.WriteEndArray();
    }

    private static void Plain(Utf8JsonWriter json, Column column, int row)
    {
        switch (column.Field.Type.Kind)
        {
            case ArrowKind.IntervalMonths:
                json.WriteNumberValue(column.Values<int>()[row]);
                return;
            case ArrowKind.IntervalDayTime:
                json.WriteStringValue(column.Values<DayTimeInterval>()[row].ToString());
                return;
            case ArrowKind.IntervalMonthDayNano:
                json.WriteStringValue(column.Values<MonthDayNanoInterval>()[row].ToString());
                return;
            default:
                break;
        }

        if (column is BytesColumn bytes and not Utf8Column)
        {
            json.WriteBase64StringValue(bytes.GetSpan(row));
            return;
        }

        var text = CellText(column, row);
        if (ColumnValues.ClassOf(column.Field.Type) is ValueClass.Number or ValueClass.Bool && IsJsonNumber(column, text))
            json.WriteRawValue(text, skipInputValidation: true);
        else
            json.WriteStringValue(text);
    }

    private static bool IsJsonNumber(Column column, string text) => column.Field.Type.Kind is not (ArrowKind.Time32 or ArrowKind.Time64 or ArrowKind.Duration)
        && text is not ("NaN" or "Infinity" or "-Infinity");

    private static string CellText(Column column, int row) => column switch
    {
        Utf8Column text => Encoding.UTF8.GetString(text.GetSpan(row)),
        BoolColumn bits => bits.GetValue(row) ? "true" : "false",
        DecimalColumn decimals => DecimalText.Of(decimals.GetUnscaled(row), column.Field.Type.Scale),
        _ => Number(column, row),
    };

    private static string Number(Column column, int row) => column.Field.Type.Kind switch
    {
        ArrowKind.Int8 => Invariant(column.Values<sbyte>()[row]),
        ArrowKind.Int16 => Invariant(column.Values<short>()[row]),
        ArrowKind.Int32 => Invariant(column.Values<int>()[row]),
        ArrowKind.Int64 => Invariant(column.Values<long>()[row]),
        ArrowKind.UInt8 => Invariant(column.Values<byte>()[row]),
        ArrowKind.UInt16 => Invariant(column.Values<ushort>()[row]),
        ArrowKind.UInt32 => Invariant(column.Values<uint>()[row]),
        ArrowKind.UInt64 => Invariant(column.Values<ulong>()[row]),
        ArrowKind.Float16 => Invariant(column.Values<Half>()[row]),
        ArrowKind.Float32 => Invariant(column.Values<float>()[row]),
        ArrowKind.Float64 => Invariant(column.Values<double>()[row]),
        ArrowKind.Date32 or ArrowKind.Time32 => ClockText.Of(column.Values<int>()[row], column.Field.Type),
        _ => ClockText.Of(column.Values<long>()[row], column.Field.Type),
    };

    private static string Invariant<T>(T value)
        where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);
}
