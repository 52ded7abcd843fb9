namespace EventMl.Arrow;

// The names are Arrow's own.
#pragma warning disable CA1720

/// <summary>The logical Arrow types; all of them are read and written.</summary>
public enum ArrowKind
{
    /// <summary>Only nulls, no bytes.</summary>
    Null,

    /// <summary>One bit per value.</summary>
    Bool,

    /// <summary>Signed, 8 bits.</summary>
    Int8,

    /// <summary>Signed, 16 bits.</summary>
    Int16,

    /// <summary>Signed, 32 bits.</summary>
    Int32,

    /// <summary>Signed, 64 bits.</summary>
    Int64,

    /// <summary>Unsigned, 8 bits.</summary>
    UInt8,

    /// <summary>Unsigned, 16 bits.</summary>
    UInt16,

    /// <summary>Unsigned, 32 bits.</summary>
    UInt32,

    /// <summary>Unsigned, 64 bits.</summary>
    UInt64,

    /// <summary>IEEE 754 half precision.</summary>
    Float16,

    /// <summary>IEEE 754 single precision.</summary>
    Float32,

    /// <summary>IEEE 754 double precision.</summary>
    Float64,

    /// <summary>UTF-8 text, 32-bit offsets.</summary>
    Utf8,

    /// <summary>Bytes, 32-bit offsets.</summary>
    Binary,

    /// <summary>UTF-8 text, 64-bit offsets.</summary>
    LargeUtf8,

    /// <summary>Bytes, 64-bit offsets.</summary>
    LargeBinary,

    /// <summary>UTF-8 text in 16-byte views.</summary>
    Utf8View,

    /// <summary>Bytes in 16-byte views.</summary>
    BinaryView,

    /// <summary>The same number of bytes in every row.</summary>
    FixedSizeBinary,

    /// <summary>The same number of items in every row.</summary>
    FixedSizeList,

    /// <summary>Any number of items per row, 32-bit offsets.</summary>
    List,

    /// <summary>Any number of items per row, 64-bit offsets.</summary>
    LargeList,

    /// <summary>Any run of items per row, 32-bit offsets and sizes.</summary>
    ListView,

    /// <summary>Any run of items per row, 64-bit offsets and sizes.</summary>
    LargeListView,

    /// <summary>Any number of key-value pairs per row.</summary>
    Map,

    /// <summary>Named children, one value of each per row.</summary>
    Struct,

    /// <summary>One of several children per row; every child is as long as the column.</summary>
    SparseUnion,

    /// <summary>One of several children per row, found by an offset.</summary>
    DenseUnion,

    /// <summary>Runs of equal values.</summary>
    RunEndEncoded,

    /// <summary>A 64-bit instant since 1970 in <see cref="ArrowType.Unit"/>.</summary>
    Timestamp,

    /// <summary>Days since 1970, 32 bits.</summary>
    Date32,

    /// <summary>Milliseconds since 1970, a whole number of days, 64 bits.</summary>
    Date64,

    /// <summary>Seconds or milliseconds since midnight, 32 bits.</summary>
    Time32,

    /// <summary>Microseconds or nanoseconds since midnight, 64 bits.</summary>
    Time64,

    /// <summary>A 64-bit length of time in <see cref="ArrowType.Unit"/>.</summary>
    Duration,

    /// <summary>Whole months, 32 bits.</summary>
    IntervalMonths,

    /// <summary>Days and milliseconds, 32 bits each.</summary>
    IntervalDayTime,

    /// <summary>Months, days (32 bits each) and nanoseconds (64 bits).</summary>
    IntervalMonthDayNano,

    /// <summary>A decimal of up to 9 digits.</summary>
    Decimal32,

    /// <summary>A decimal of up to 18 digits.</summary>
    Decimal64,

    /// <summary>A decimal of up to 38 digits.</summary>
    Decimal128,

    /// <summary>A decimal of up to 76 digits.</summary>
    Decimal256,

    /// <summary>Indices into a shared column of values.</summary>
    Dictionary,
}
#pragma warning restore CA1720

/// <summary>What one step of a timestamp, time or duration means.</summary>
public enum ArrowTimeUnit
{
    /// <summary>Seconds.</summary>
    Second,

    /// <summary>Milliseconds.</summary>
    Millisecond,

    /// <summary>Microseconds.</summary>
    Microsecond,

    /// <summary>Nanoseconds.</summary>
    Nanosecond,
}
