using System.Text.Json.Nodes;
using EventMl.Arrow;

namespace EventMl.Foundation.Tests.Arrow;

/// <summary>The same canonical values that peers/arrow-dump.cjs prints, read through this library.</summary>
internal static class Canonical
{
    public static JsonObject Columns(ArrowFile file)
    {
        var columns = new JsonObject();
        for (var i = 0; i < file.Schema.Fields.Count; i++)
        {
            var values = new JsonArray();
            foreach (var batch in file.Batches())
            {
                for (var row = 0; row < batch.Length; row++)
                    values.Add(Value(batch.Column(i), row));
            }

            columns[file.Schema.Fields[i].Name] = values;
        }

        return columns;
    }

    public static JsonArray Values(Column column)
    {
        var values = new JsonArray();
        for (var row = 0; row < column.Length; row++)
            values.Add(Value(column, row));
        return values;
    }

    public static JsonNode? Value(Column column, int row)
    {
        if (column.IsNull(row))
            return null;
        switch (column)
        {
            case BoolColumn bits:
                return bits.GetValue(row);
            case Utf8Column text:
                return text.GetString(row);
            case BytesColumn bytes:
                return Convert.ToHexStringLower(bytes.GetSpan(row));
            case FixedSizeListColumn list:
                return Items(list.Items, row * list.ListSize, (row + 1) * list.ListSize);
            case MapColumn map:
                var pairs = map.GetRange(row);
                return new JsonArray([.. Enumerable.Range(pairs.Start.Value, pairs.End.Value - pairs.Start.Value).Select(i => new JsonArray(Value(map.Keys, i), Value(map.MapValues, i)))]);
            case ListColumn list:
                return Items(list.Items, list.GetRange(row).Start.Value, list.GetRange(row).End.Value);
            case StructColumn rows:
                return new JsonArray([.. rows.Children.Select(c => Value(c, row))]);
            case UnionColumn union:
                var (child, place) = union.GetPlace(row);
                return Value(union.Children[child], place);
            case RunEndColumn runs:
                return Value(runs.RunValues, runs.GetRun(row));
            case DictionaryColumn dictionary:
                return Value(dictionary.Dictionary, dictionary.GetIndex(row));
            case DecimalColumn number:
                return number.GetUnscaled(row).ToString();
            default:
                return Number(column, row);
        }
    }

    private static JsonArray Items(Column items, int start, int end) => new([.. Enumerable.Range(start, end - start).Select(i => Value(items, i))]);

    private static string Number(Column column, int row) => column.Field.Type.Kind switch
    {
        ArrowKind.Int8 => column.Values<sbyte>()[row].ToString(),
        ArrowKind.Int16 => column.Values<short>()[row].ToString(),
        ArrowKind.Int32 or ArrowKind.Date32 or ArrowKind.Time32 or ArrowKind.IntervalMonths => column.Values<int>()[row].ToString(),
        ArrowKind.Int64 or ArrowKind.Timestamp or ArrowKind.Date64 or ArrowKind.Time64 or ArrowKind.Duration => column.Values<long>()[row].ToString(),
        ArrowKind.UInt8 => column.Values<byte>()[row].ToString(),
        ArrowKind.UInt16 => column.Values<ushort>()[row].ToString(),
        ArrowKind.UInt32 => column.Values<uint>()[row].ToString(),
        ArrowKind.UInt64 => column.Values<ulong>()[row].ToString(),
        ArrowKind.Float16 => Bits((double)column.Values<Half>()[row]),
        ArrowKind.Float32 => Bits(column.Values<float>()[row]),
        ArrowKind.Float64 => Bits(column.Values<double>()[row]),
        ArrowKind.IntervalDayTime => column.Values<DayTimeInterval>()[row] is var (days, milliseconds) ? $"{days} {milliseconds}" : "",
        ArrowKind.IntervalMonthDayNano => column.Values<MonthDayNanoInterval>()[row] is var (months, monthDays, nanoseconds) ? $"{months} {monthDays} {nanoseconds}" : "",
        var kind => throw new InvalidOperationException($"no rendering for {kind}"),
    };

    private static string Bits(double value) => BitConverter.DoubleToUInt64Bits(value).ToString("x16");
}
