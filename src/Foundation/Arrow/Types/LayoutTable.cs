namespace EventMl.Arrow.Types;

/// <summary>Every Arrow type with its numbers (format/Schema.fbs).</summary>
internal static class LayoutTable
{
    public static IReadOnlyList<TypeLayout> All { get; } =
    [
        new NullLayout(),
        new BoolLayout(),
        Integer<sbyte>(ArrowKind.Int8, "int8", 8, isSigned: true),
        Integer<short>(ArrowKind.Int16, "int16", 16, isSigned: true),
        Integer<int>(ArrowKind.Int32, "int32", 32, isSigned: true),
        Integer<long>(ArrowKind.Int64, "int64", 64, isSigned: true),
        Integer<byte>(ArrowKind.UInt8, "uint8", 8, isSigned: false),
        Integer<ushort>(ArrowKind.UInt16, "uint16", 16, isSigned: false),
        Integer<uint>(ArrowKind.UInt32, "uint32", 32, isSigned: false),
        Integer<ulong>(ArrowKind.UInt64, "uint64", 64, isSigned: false),
        new PrimitiveLayout<Half>(ArrowKind.Float16, 3, "float16", new Constant(0, 2, 0)),
        new PrimitiveLayout<float>(ArrowKind.Float32, 3, "float32", new Constant(0, 2, 1)),
        new PrimitiveLayout<double>(ArrowKind.Float64, 3, "float64", new Constant(0, 2, 2)),
        new BytesLayout(ArrowKind.Binary, 4, "binary", ByteRows.Offsets32),
        new BytesLayout(ArrowKind.Utf8, 5, "string", ByteRows.Offsets32),
        new BytesLayout(ArrowKind.LargeBinary, 19, "large_binary", ByteRows.Offsets64),
        new BytesLayout(ArrowKind.LargeUtf8, 20, "large_string", ByteRows.Offsets64),
        new BytesLayout(ArrowKind.BinaryView, 23, "binary_view", ByteRows.Views),
        new BytesLayout(ArrowKind.Utf8View, 24, "string_view", ByteRows.Views),
        new FixedSizeBinaryLayout(),
        new DecimalLayout(ArrowKind.Decimal32, 9, 32, typeof(int)),
        new DecimalLayout(ArrowKind.Decimal64, 18, 64, typeof(long)),
        new DecimalLayout(ArrowKind.Decimal128, 38, 128, typeof(Int128)),
        new DecimalLayout(ArrowKind.Decimal256, 76, 256, typeof(Int256)),
        new PrimitiveLayout<int>(ArrowKind.Date32, 8, "date32", new Constant(0, 2, 0, Fallback: 1)),
        new PrimitiveLayout<long>(ArrowKind.Date64, 8, "date64", new Constant(0, 2, 1, Fallback: 1)),
        new UnitLayout<int>(ArrowKind.Time32, 9, "time32", ArrowTimeUnit.Millisecond, ArrowTimeUnit.Second, ArrowTimeUnit.Millisecond, new Constant(1, 4, 32, Fallback: 32)),
        new UnitLayout<long>(ArrowKind.Time64, 9, "time64", ArrowTimeUnit.Millisecond, ArrowTimeUnit.Microsecond, ArrowTimeUnit.Nanosecond, new Constant(1, 4, 64, Fallback: 32)),
        new TimestampLayout(),
        new UnitLayout<long>(ArrowKind.Duration, 18, "duration", ArrowTimeUnit.Millisecond, ArrowTimeUnit.Second, ArrowTimeUnit.Nanosecond),
        new PrimitiveLayout<int>(ArrowKind.IntervalMonths, 11, "month_interval", new Constant(0, 2, 0)),
        new PrimitiveLayout<DayTimeInterval>(ArrowKind.IntervalDayTime, 11, "day_time_interval", new Constant(0, 2, 1)),
        new PrimitiveLayout<MonthDayNanoInterval>(ArrowKind.IntervalMonthDayNano, 11, "month_day_nano_interval", new Constant(0, 2, 2)),
        new ListLayout<int>(ArrowKind.List, 12, "list", isView: false),
        new ListLayout<long>(ArrowKind.LargeList, 21, "large_list", isView: false),
        new ListLayout<int>(ArrowKind.ListView, 25, "list_view", isView: true),
        new ListLayout<long>(ArrowKind.LargeListView, 26, "large_list_view", isView: true),
        new MapLayout(),
        new FixedSizeListLayout(),
        new StructLayout(),
        new UnionLayout(ArrowKind.SparseUnion, "sparse_union", isDense: false),
        new UnionLayout(ArrowKind.DenseUnion, "dense_union", isDense: true),
        new RunEndLayout(),
        new DictionaryLayout(),
    ];

    private static PrimitiveLayout<T> Integer<T>(ArrowKind kind, string name, int bits, bool isSigned)
        where T : unmanaged =>
        new(kind, 2, name, new Constant(0, 4, bits), new Constant(1, 1, isSigned ? 1 : 0));
}
