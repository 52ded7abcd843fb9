using System.Numerics;
using System.Text;
using EventMl.Arrow;

namespace EventMl.Foundation.Tests.Arrow;

/// <summary>One column for every Arrow type and variant, with values at the edges and nulls, for tests that go through all of them.</summary>
internal static class SampleColumns
{
    public const int Rows = 9;
    private const int NullRow = 4;

    private static readonly string[] s_texts = ["", "a", "twelve bytes", "thirteen byte", "Größe ü€😀 that is longer than a view holds inline", "a", "x", "0123456789abcdef", "a"];

    private static readonly (string Name, ArrowType Type)[] s_samples =
    [
        ("null", Of(ArrowKind.Null)), ("bool", Of(ArrowKind.Bool)),
        ("int8", Of(ArrowKind.Int8)), ("int16", Of(ArrowKind.Int16)), ("int32", Of(ArrowKind.Int32)), ("int64", Of(ArrowKind.Int64)),
        ("uint8", Of(ArrowKind.UInt8)), ("uint16", Of(ArrowKind.UInt16)), ("uint32", Of(ArrowKind.UInt32)), ("uint64", Of(ArrowKind.UInt64)),
        ("float16", Of(ArrowKind.Float16)), ("float32", Of(ArrowKind.Float32)), ("float64", Of(ArrowKind.Float64)),
        ("utf8", Of(ArrowKind.Utf8)), ("binary", Of(ArrowKind.Binary)), ("large_utf8", Of(ArrowKind.LargeUtf8)), ("large_binary", Of(ArrowKind.LargeBinary)),
        ("utf8_view", Of(ArrowKind.Utf8View)), ("binary_view", Of(ArrowKind.BinaryView)), ("fixed_size_binary", ArrowType.FixedSizeBinary(3)),
        ("decimal32", ArrowType.Decimal(7, 2, ArrowKind.Decimal32)), ("decimal64", ArrowType.Decimal(18, 4, ArrowKind.Decimal64)),
        ("decimal128", ArrowType.Decimal(38, 10)), ("decimal256", ArrowType.Decimal(76, 20, ArrowKind.Decimal256)),
        ("date32", Of(ArrowKind.Date32)), ("date64", Of(ArrowKind.Date64)),
        ("time32_s", ArrowType.Time(ArrowTimeUnit.Second)), ("time32_ms", ArrowType.Time(ArrowTimeUnit.Millisecond)),
        ("time64_us", ArrowType.Time(ArrowTimeUnit.Microsecond)), ("time64_ns", ArrowType.Time(ArrowTimeUnit.Nanosecond)),
        ("timestamp_s", ArrowType.Timestamp(ArrowTimeUnit.Second)), ("timestamp_ms", ArrowType.Timestamp(ArrowTimeUnit.Millisecond, "Europe/Berlin")),
        ("timestamp_us", ArrowType.Timestamp(ArrowTimeUnit.Microsecond, "UTC")), ("timestamp_ns", ArrowType.Timestamp(ArrowTimeUnit.Nanosecond)),
        ("duration_s", ArrowType.Duration(ArrowTimeUnit.Second)), ("duration_ms", ArrowType.Duration(ArrowTimeUnit.Millisecond)),
        ("duration_us", ArrowType.Duration(ArrowTimeUnit.Microsecond)), ("duration_ns", ArrowType.Duration(ArrowTimeUnit.Nanosecond)),
        ("interval_months", Of(ArrowKind.IntervalMonths)), ("interval_day_time", Of(ArrowKind.IntervalDayTime)), ("interval_month_day_nano", Of(ArrowKind.IntervalMonthDayNano)),
        ("list", ArrowType.List(Of(ArrowKind.Int32))), ("large_list", List(ArrowKind.LargeList, Of(ArrowKind.Utf8))),
        ("list_view", List(ArrowKind.ListView, Of(ArrowKind.Int64))), ("large_list_view", List(ArrowKind.LargeListView, Of(ArrowKind.Utf8))),
        ("fixed_size_list", ArrowType.FixedSizeList(Of(ArrowKind.Float32), 2)),
        ("struct", ArrowType.Struct(new ArrowField("x", Of(ArrowKind.Int32)), new ArrowField("y", Of(ArrowKind.Utf8)))),
        ("map", ArrowType.Map(Of(ArrowKind.Utf8), Of(ArrowKind.Int32))),
        ("sparse_union", ArrowType.Union([new ArrowField("i", Of(ArrowKind.Int32)), new ArrowField("s", Of(ArrowKind.Utf8))], dense: false)),
        ("dense_union", ArrowType.Union([new ArrowField("i", Of(ArrowKind.Int32)), new ArrowField("s", Of(ArrowKind.Utf8))], dense: true, [5, 7])),
        ("run_end_encoded", ArrowType.RunEndEncoded(Of(ArrowKind.Utf8))), ("run_end_encoded_16", ArrowType.RunEndEncoded(Of(ArrowKind.Float64), ArrowKind.Int16)),
        ("dictionary", ArrowType.Dictionary(Of(ArrowKind.Utf8))), ("dictionary_uint32", ArrowType.Dictionary(Of(ArrowKind.Utf8), ArrowKind.UInt32)),
        ("dictionary_int8", ArrowType.Dictionary(Of(ArrowKind.Int64), ArrowKind.Int8, isSorted: true)),
        ("list_of_struct", ArrowType.List(ArrowType.Struct(new ArrowField("x", Of(ArrowKind.Int32)), new ArrowField("l", ArrowType.List(Of(ArrowKind.Utf8)))))),
        ("struct_of_dictionary", ArrowType.Struct(new ArrowField("d", ArrowType.Dictionary(Of(ArrowKind.Utf8))), new ArrowField("v", Of(ArrowKind.Bool)))),
    ];

    public static IEnumerable<string> Names => s_samples.Select(s => s.Name);

    public static ArrowField Field(string name) => new(name, s_samples.Single(s => s.Name == name).Type, metadata: new Dictionary<string, string> { ["sample"] = name });

    public static ArrowSchema Schema(params IEnumerable<string> names) => new([.. names.Select(Field)], new Dictionary<string, string> { ["samples"] = "ü" });

    /// <summary>Batches of all the columns named; a later batch has other values and goes on with the dictionaries.</summary>
    public static IEnumerable<RecordBatch> Batches(ArrowSchema schema, int count)
    {
        var builder = new RecordBatchBuilder(schema);
        for (var batch = 0; batch < count; batch++)
        {
            for (var i = 0; i < schema.Fields.Count; i++)
            {
                for (var row = 0; row < Rows; row++)
                    Append(builder.Column(i), row + (batch * 100), isNull: row == NullRow);
            }

            yield return builder.Build();
        }
    }

    public static byte[] Write(ArrowSchema schema, int batches, bool isFile, ArrowWriteOptions? options = null)
    {
        using var output = new MemoryStream();
        if (isFile)
        {
            using var writer = new ArrowFileWriter(output, schema, leaveOpen: true, options);
            foreach (var batch in Batches(schema, batches))
                writer.Write(batch);
            writer.Finish();
        }
        else
        {
            using var writer = new ArrowStreamWriter(output, schema, leaveOpen: true, options);
            foreach (var batch in Batches(schema, batches))
                writer.Write(batch);
            writer.Finish();
        }

        return output.ToArray();
    }

    public static void AppendSample(ColumnBuilder builder, int i) => Append(builder, i, isNull: false);

    private static ArrowType Of(ArrowKind kind) => ArrowType.Of(kind);

    private static ArrowType List(ArrowKind kind, ArrowType item) => ArrowType.List(new ArrowField("item", item), kind);

    private static void Append(ColumnBuilder builder, int i, bool isNull)
    {
        if (isNull || builder is NullBuilder)
        {
            builder.AppendNull();
            return;
        }

        var sign = (i & 1) == 0 ? 1 : -1;
        var text = s_texts[i % s_texts.Length] + (i < 100 ? "" : $" {i}");
        switch (builder)
        {
            case BoolBuilder b: b.Append((i & 2) == 0); break;
            case PrimitiveBuilder<sbyte> b: b.Append(i % 9 == 0 ? sbyte.MinValue : (sbyte)(sign * (i % 100))); break;
            case PrimitiveBuilder<short> b: b.Append(i % 9 == 0 ? short.MinValue : (short)(sign * i * 100)); break;
            case PrimitiveBuilder<int> b when b.Field.Type.Kind == ArrowKind.Time32: b.Append(i * 300); break;
            case PrimitiveBuilder<int> b when b.Field.Type.Kind == ArrowKind.Date32: b.Append(20_000 - (i * 7_000)); break;
            case PrimitiveBuilder<int> b when b.Field.Type.Kind == ArrowKind.IntervalMonths: b.Append(sign * i); break;
            case PrimitiveBuilder<int> b: b.Append(i % 9 == 0 ? int.MinValue : sign * i * 1_000_000); break;
            case PrimitiveBuilder<long> b when b.Field.Type.Kind == ArrowKind.Time64: b.Append(i * 30_000_000_000L / (b.Field.Type.Unit == ArrowTimeUnit.Nanosecond ? 1 : 1000)); break;
            case PrimitiveBuilder<long> b when b.Field.Type.Kind == ArrowKind.Date64: b.Append((20_000L - (i * 700)) * 86_400_000); break;
            case PrimitiveBuilder<long> b when b.Field.Type.Kind is ArrowKind.Timestamp or ArrowKind.Duration: b.Append(sign * i * (b.Field.Type.Unit == ArrowTimeUnit.Second ? 1_000_003L : 1_000_000_007L)); break;
            case PrimitiveBuilder<long> b: b.Append(i % 9 == 0 ? long.MinValue : sign * i * 1_000_000_000_000L); break;
            case PrimitiveBuilder<byte> b: b.Append((byte)(255 - i)); break;
            case PrimitiveBuilder<ushort> b: b.Append((ushort)(ushort.MaxValue - i)); break;
            case PrimitiveBuilder<uint> b: b.Append(uint.MaxValue - (uint)i); break;
            case PrimitiveBuilder<ulong> b: b.Append(ulong.MaxValue - (ulong)i); break;
            case PrimitiveBuilder<Half> b: b.Append(i % 9 == 0 ? Half.PositiveInfinity : (Half)(sign * i * 0.25)); break;
            case PrimitiveBuilder<float> b: b.Append(i % 9 == 0 ? float.MinValue : sign * i * 0.1f); break;
            case PrimitiveBuilder<double> b: b.Append(i % 9 == 0 ? double.Epsilon : sign * i / 3.0); break;
            case PrimitiveBuilder<DayTimeInterval> b: b.Append(new DayTimeInterval(sign * i, i * 1000)); break;
            case PrimitiveBuilder<MonthDayNanoInterval> b: b.Append(new MonthDayNanoInterval(i, sign * i, sign * i * 1_000_000_007L)); break;
            case DecimalBuilder b: b.AppendUnscaled(i % 9 == 0 ? -(BigInteger.Pow(10, b.Field.Type.Precision) - 1) : sign * i * BigInteger.Pow(10, b.Field.Type.Precision - 4)); break;
            case Utf8Builder b: b.Append(text); break;
            case BinaryBuilder b: b.Append(Encoding.UTF8.GetBytes(text).Append((byte)0xFF).ToArray()); break;
            case FixedSizeBinaryBuilder b: b.Append([(byte)i, 2, 255]); break;
            default: AppendNested(builder, i, text); break;
        }
    }

    private static void AppendNested(ColumnBuilder builder, int i, string text)
    {
        switch (builder)
        {
            case ListBuilder b:
                for (var k = 0; k < i % 4; k++)
                    Append(b.Items, i + k, isNull: k == 2);
                b.Append();
                break;
            case FixedSizeListBuilder b:
                for (var k = 0; k < b.Field.Type.Size; k++)
                    Append(b.Items, i + k, isNull: false);
                b.Append();
                break;
            case MapBuilder b:
                for (var k = 0; k < i % 3; k++)
                {
                    ((Utf8Builder)b.Keys).Append($"key {i} {k}");
                    Append(b.MapValues, i, isNull: k == 1);
                }

                b.Append();
                break;
            case StructBuilder b:
                for (var k = 0; k < b.Fields.Count; k++)
                    Append(b.Fields[k], i + k, isNull: i % 5 == k + 2);
                b.Append();
                break;
            case UnionBuilder b:
                Append(b.Fields[i % b.Fields.Count], i, isNull: false);
                b.Append(i % b.Fields.Count);
                break;
            case RunEndBuilder b:
                Append(b.RunValues, i, isNull: false);
                b.AppendRun(1);
                break;
            case DictionaryBuilder b when b.SharedValues is PrimitiveBuilder<long>:
                b.Append(i % 3 * 1_000_000_000_000L);
                break;
            case DictionaryBuilder b:
                b.Append(text);
                break;
            default:
                throw new InvalidOperationException($"no sample for {builder.Field}");
        }
    }
}
