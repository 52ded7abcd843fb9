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

    public static JsonNode? Value(Column column, int row)
    {
        if (column.IsNull(row))
            return null;
        return column switch
        {
            BoolColumn bits => bits.GetValue(row),
            Utf8Column text => text.GetString(row),
            BytesColumn bytes => Convert.ToHexStringLower(bytes.GetSpan(row)),
            FixedSizeListColumn list => Items(list.Items, row * list.ListSize, (row + 1) * list.ListSize),
            ListColumn list => Items(list.Items, list.GetRange(row).Start.Value, list.GetRange(row).End.Value),
            StructColumn rows => new JsonArray([.. rows.Children.Select(c => Value(c, row))]),
            DictionaryColumn dictionary => Value(dictionary.Dictionary, dictionary.GetIndex(row)),
            _ => Number(column, row),
        };
    }

    private static JsonArray Items(Column items, int start, int end) => new([.. Enumerable.Range(start, end - start).Select(i => Value(items, i))]);

    private static string Number(Column column, int row) => column.Field.Type.Kind switch
    {
        ArrowKind.Int8 => column.Values<sbyte>()[row].ToString(),
        ArrowKind.Int16 => column.Values<short>()[row].ToString(),
        ArrowKind.Int32 or ArrowKind.Date32 => column.Values<int>()[row].ToString(),
        ArrowKind.Int64 or ArrowKind.Timestamp => column.Values<long>()[row].ToString(),
        ArrowKind.UInt8 => column.Values<byte>()[row].ToString(),
        ArrowKind.UInt16 => column.Values<ushort>()[row].ToString(),
        ArrowKind.UInt32 => column.Values<uint>()[row].ToString(),
        ArrowKind.UInt64 => column.Values<ulong>()[row].ToString(),
        ArrowKind.Float16 => Bits((double)column.Values<Half>()[row]),
        ArrowKind.Float32 => Bits(column.Values<float>()[row]),
        ArrowKind.Float64 => Bits(column.Values<double>()[row]),
        var kind => throw new InvalidOperationException($"no rendering for {kind}"),
    };

    private static string Bits(double value) => BitConverter.DoubleToUInt64Bits(value).ToString("x16");
}
