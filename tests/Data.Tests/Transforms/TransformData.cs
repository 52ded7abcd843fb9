using System.Globalization;
using EventMl.Arrow;

namespace EventMl.Data.Tests.Transforms;

/// <summary>Random and nasty columns, the same ones each time.</summary>
internal static class TransformData
{
    public const int Rows = 500;

    private static readonly string[] s_cities = ["Berlin", "Paris", "München", "東京", "zürich", "Zürich", "", "🦀", "\uFF21", "São Paulo"];

    private static readonly string[] s_words =
    [
        "the", "good", "Film", "naïve", "ÉCOLE", "ΟΔΟΣ", "ΣΑΣ.", "İstanbul", "don't", "x", "a_b", "42", "½", "東京都", "🦀🦀", "e-mail", "co\u0301fe", "line\nbreak", "tab\ttab", "…", "VERY", "ⅷⅷ", "𝒳𝒴",
    ];

    private static readonly Random s_random = new(20261122);

    /// <summary>Every column as plain values: double, long, bool, string, long microseconds, byte[] or double[]; null where missing.</summary>
    public static IReadOnlyDictionary<string, object?[]> Columns { get; } = Make();

    public static ArrowSchema Schema { get; } = new(
    [
        Field("age", ArrowKind.Float64), Field("offset", ArrowKind.Float64), Field("skew", ArrowKind.Float64), Field("tiny", ArrowKind.Float64),
        Field("constant", ArrowKind.Float64), Field("count", ArrowKind.Int32), Field("small", ArrowKind.Float32), Field("copy", ArrowKind.Float64),
        Field("flag", ArrowKind.Bool), Field("city", ArrowKind.Utf8), Field("code", ArrowKind.Int64), Field("side", ArrowKind.LargeUtf8), Field("label", ArrowKind.Int16),
        Field("review", ArrowKind.Utf8), new ArrowField("at", ArrowType.Timestamp(ArrowTimeUnit.Microsecond)),
        new ArrowField("image", ArrowType.FixedSizeBinary(90)), new ArrowField("vector", ArrowType.FixedSizeList(ArrowType.Of(ArrowKind.Float32), 4)),
    ]);

    /// <summary>All rows in batches of a size, with only some columns where they are named.</summary>
    public static IEnumerable<RecordBatch> Batches(int size, params IReadOnlyList<string> names)
    {
        for (var start = 0; start < Rows; start += size)
        {
            var builder = new RecordBatchBuilder(Schema);
            for (var row = start; row < Math.Min(start + size, Rows); row++)
            {
                for (var i = 0; i < Schema.Fields.Count; i++)
                    Append(builder.Column(i), Columns[Schema.Fields[i].Name][row]);
            }

            var batch = builder.Build();
            yield return names.Count == 0 ? batch : batch.Select(names);
        }
    }

    public static IReadOnlyDictionary<string, object?> Row(int row) => Columns.ToDictionary(c => c.Key, c => c.Value[row], StringComparer.Ordinal);

    /// <summary>All numbers and texts of a batch's columns, row by row; a sparse vector whole, of the width given.</summary>
    public static IEnumerable<object?[]> Cells(RecordBatch batch, int width = 0)
    {
        for (var row = 0; row < batch.Length; row++)
            yield return [.. Enumerable.Range(0, batch.Schema.Fields.Count).SelectMany(i => Cells(batch.Column(i), row, width))];
    }

    private static IEnumerable<object?> Cells(Column column, int row, int width)
    {
        switch (column)
        {
            case FixedSizeListColumn { Items: var items } list when items.Field.Type.Kind == ArrowKind.Float32:
                return [.. list.GetRow<float>(row).ToArray().Select(v => (object)(double)v)];
            case FixedSizeListColumn list:
                return [.. list.GetRow<double>(row).ToArray().Select(v => double.IsNaN(v) ? null : (object)v)];
            case StructColumn sparse:
                var (indices, values) = ((ListColumn)sparse.Children[0], (ListColumn)sparse.Children[1]);
                var whole = Enumerable.Repeat((object?)0.0, width).ToArray();
                foreach (var (index, value) in indices.Items.Values<int>()[indices.GetRange(row)].ToArray().Zip(values.Items.Values<double>()[values.GetRange(row)].ToArray()))
                    whole[index] = value;
                return whole;
            default:
                return [column.IsNull(row) ? null : Cell(column, row)];
        }
    }

    private static object? Cell(Column column, int row) => column switch
    {
        Utf8Column text => text.GetString(row),
        BoolColumn bits => bits.GetValue(row) ? 1.0 : 0.0,
        _ => column.Field.Type.Kind switch
        {
            ArrowKind.Float64 => column.Values<double>()[row],
            ArrowKind.Float32 => column.Values<float>()[row],
            ArrowKind.Int64 or ArrowKind.Timestamp => column.Values<long>()[row],
            ArrowKind.Int16 => column.Values<short>()[row],
            _ => column.Values<int>()[row],
        } is var number ? Convert.ToDouble(number, CultureInfo.InvariantCulture) : null,
    };

    private static void Append(ColumnBuilder builder, object? value)
    {
        switch (builder)
        {
            case var _ when value is null: builder.AppendNull(); break;
            case BoolBuilder b: b.Append((bool)value); break;
            case PrimitiveBuilder<double> b: b.Append((double)value); break;
            case PrimitiveBuilder<float> b: b.Append((float)(double)value); break;
            case PrimitiveBuilder<long> b: b.Append((long)value); break;
            case PrimitiveBuilder<int> b: b.Append((int)(long)value); break;
            case PrimitiveBuilder<short> b: b.Append((short)(long)value); break;
            case Utf8Builder b: b.Append((string)value); break;
            case FixedSizeBinaryBuilder b: b.Append((byte[])value); break;
            default: ((FixedSizeListBuilder)builder).Append<float>([.. ((double[])value).Select(v => (float)v)]); break;
        }
    }

    private static ArrowField Field(string name, ArrowKind kind) => new(name, ArrowType.Of(kind));

    private static Dictionary<string, object?[]> Make()
    {
        var columns = new Dictionary<string, object?[]>(StringComparer.Ordinal)
        {
            ["age"] = Column(_ => s_random.NextDouble() < 0.08 ? null : 40 + (12 * Normal())),
            ["offset"] = Column(_ => 1e6 + Normal()),
            ["skew"] = Column(_ => Math.Exp(3 * Normal())),
            ["tiny"] = Column(_ => 1e-120 * Normal()),
            ["constant"] = Column(_ => 7.1),
            ["count"] = Column(_ => (long)(-3 * Math.Log(1 - s_random.NextDouble())) - 2),
            ["small"] = Column(_ => (double)(float)Normal()),
            ["flag"] = Column(_ => s_random.NextDouble() < 0.3),
            ["city"] = Column(_ => s_random.NextDouble() < 0.05 ? null : s_cities[(int)(s_random.NextDouble() * s_random.NextDouble() * s_cities.Length)]),
            ["code"] = Column(_ => (long)Math.Pow(10, s_random.Next(0, 12)) * (s_random.Next(2) == 0 ? 1 : -1)),
            ["side"] = Column(_ => s_random.Next(2) == 0 ? "left" : "right"),
            ["review"] = Column(i => i % 50 == 7 ? null : string.Join(s_random.Next(9) == 0 ? "  " : " ", Enumerable.Range(0, s_random.Next(0, 12)).Select(_ => s_words[s_random.Next(s_words.Length)]))),
            ["at"] = Column(i => i % 40 == 3 ? null : s_random.NextInt64(-60_000_000_000_000_000, 200_000_000_000_000_000)),
            ["image"] = Column(_ =>
            {
                var image = new byte[90];
                s_random.NextBytes(image);
                return image;
            }),
            ["vector"] = Column(_ => new[] { Normal(), Normal(), Normal(), Normal() }.Select(v => (double)(float)v).ToArray()),
        };
        columns["copy"] = [.. columns["small"].Select(v => (object?)((2 * (double)v!) + (0.1 * Normal())))];
        columns["label"] = [.. columns["small"].Select((v, i) => (object?)(long)((double)v! + (0.3 * Normal()) > 0.5 ? 2 : (long)columns["count"][i]! > 0 ? 1 : 0))];
        return columns;
    }

    private static object?[] Column(Func<int, object?> value) => [.. Enumerable.Range(0, Rows).Select(value)];

    private static double Normal() => Math.Sqrt(-2 * Math.Log(1 - s_random.NextDouble())) * Math.Cos(2 * Math.PI * s_random.NextDouble());
}
