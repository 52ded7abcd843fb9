using EventMl.Arrow;

namespace EventMl.Data.Tests.Sources;

/// <summary>What a source gives, as plain values.</summary>
internal sealed class Rows : IBadRowSink
{
    public List<BadRow> Bad { get; } = [];

    public void Add(BadRow row) => Bad.Add(row);

    public static List<object?[]> Of(IBatchSource source) => [.. source.Read(TestContext.Current.CancellationToken).SelectMany(Of)];

    public static IEnumerable<object?[]> Of(RecordBatch batch) =>
        Enumerable.Range(0, batch.Length).Select(row => Enumerable.Range(0, batch.Schema.Fields.Count).Select(c => Value(batch.Column(c), row)).ToArray());

    public static object? Value(Column column, int row) => column.IsNull(row) ? null : column switch
    {
        Utf8Column text => text.GetString(row),
        BytesColumn bytes => bytes.GetSpan(row).ToArray(),
        BoolColumn bits => bits.GetValue(row),
        DecimalColumn number => number.GetDecimal(row),
        StructColumn parts => parts.Children.Select(c => Value(c, row)).ToArray(),
        ListColumn list => Enumerable.Range(list.GetRange(row).Start.Value, list.GetRange(row).End.Value - list.GetRange(row).Start.Value).Select(i => Value(list.Items, i)).ToArray(),
        NullColumn => null,
        _ => column.Field.Type.Kind switch
        {
            ArrowKind.Int8 => (object)column.Values<sbyte>()[row],
            ArrowKind.UInt8 => column.Values<byte>()[row],
            ArrowKind.Int16 => column.Values<short>()[row],
            ArrowKind.Int32 or ArrowKind.Date32 => column.Values<int>()[row],
            ArrowKind.Int64 or ArrowKind.Timestamp or ArrowKind.Time64 => column.Values<long>()[row],
            ArrowKind.UInt64 => column.Values<ulong>()[row],
            ArrowKind.Float32 => column.Values<float>()[row],
            ArrowKind.Float64 => column.Values<double>()[row],
            var other => throw new NotSupportedException($"{other}"),
        },
    };
}
