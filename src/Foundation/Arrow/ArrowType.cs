using System.Globalization;

namespace EventMl.Arrow;

// The names are Arrow's own.
#pragma warning disable CA1720

/// <summary>The logical Arrow types this library knows.</summary>
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

    /// <summary>UTF-8 text in 16-byte views (read only).</summary>
    Utf8View,

    /// <summary>Bytes in 16-byte views (read only).</summary>
    BinaryView,

    /// <summary>The same number of bytes in every row.</summary>
    FixedSizeBinary,

    /// <summary>The same number of items in every row.</summary>
    FixedSizeList,

    /// <summary>Any number of items per row, 32-bit offsets.</summary>
    List,

    /// <summary>Any number of items per row, 64-bit offsets.</summary>
    LargeList,

    /// <summary>Named children, one value of each per row.</summary>
    Struct,

    /// <summary>A 64-bit instant since 1970 in <see cref="ArrowType.Unit"/>.</summary>
    Timestamp,

    /// <summary>Days since 1970, 32 bits.</summary>
    Date32,

    /// <summary>Indices into a shared column of values (read only).</summary>
    Dictionary,
}
#pragma warning restore CA1720

/// <summary>What one step of a timestamp means.</summary>
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

/// <summary>An Arrow type with its parameters; <see cref="ToString"/> gives the name used in schemas, for instance <c>fixed_size_list&lt;float32&gt;[784]</c>.</summary>
public sealed class ArrowType : IEquatable<ArrowType>
{
    private ArrowType(ArrowKind kind) => Kind = kind;

    /// <summary>Which type this is.</summary>
    public ArrowKind Kind { get; }

    /// <summary>Bytes per value of a FixedSizeBinary or items per row of a FixedSizeList, else 0.</summary>
    public int Size { get; private init; }

    /// <summary>The unit of a timestamp.</summary>
    public ArrowTimeUnit Unit { get; private init; }

    /// <summary>The time zone of a timestamp, or null for a local one.</summary>
    public string? TimeZone { get; private init; }

    /// <summary>The item of a list, the fields of a struct, the index and value of a dictionary; else empty.</summary>
    public IReadOnlyList<ArrowField> Children { get; private init; } = [];

    /// <summary>Bytes per value of a fixed-width type, else 0 (Bool has 0: it is bit-packed).</summary>
    public int ByteWidth => Kind switch
    {
        ArrowKind.Int8 or ArrowKind.UInt8 => 1,
        ArrowKind.Int16 or ArrowKind.UInt16 or ArrowKind.Float16 => 2,
        ArrowKind.Int32 or ArrowKind.UInt32 or ArrowKind.Float32 or ArrowKind.Date32 => 4,
        ArrowKind.Int64 or ArrowKind.UInt64 or ArrowKind.Float64 or ArrowKind.Timestamp => 8,
        ArrowKind.FixedSizeBinary => Size,
        _ => 0,
    };

    internal long DictionaryId { get; private init; }

    /// <summary>A type without parameters.</summary>
    /// <exception cref="ArgumentException">The kind needs parameters.</exception>
    public static ArrowType Of(ArrowKind kind) => kind is ArrowKind.FixedSizeBinary or ArrowKind.FixedSizeList or ArrowKind.List or ArrowKind.LargeList
        or ArrowKind.Struct or ArrowKind.Timestamp or ArrowKind.Dictionary
        ? throw new ArgumentException($"Arrow type {kind} has parameters; use its own factory.", nameof(kind))
        : new ArrowType(kind);

    /// <summary>Values of exactly <paramref name="byteWidth"/> bytes.</summary>
    public static ArrowType FixedSizeBinary(int byteWidth)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteWidth);
        return new ArrowType(ArrowKind.FixedSizeBinary) { Size = byteWidth };
    }

    /// <summary>Rows of exactly <paramref name="size"/> items.</summary>
    public static ArrowType FixedSizeList(ArrowType item, int size) => FixedSizeList(new ArrowField("item", item), size);

    /// <summary>Rows of exactly <paramref name="size"/> items, described by a field.</summary>
    public static ArrowType FixedSizeList(ArrowField item, int size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        return new ArrowType(ArrowKind.FixedSizeList) { Size = size, Children = [item] };
    }

    /// <summary>Rows of any number of items.</summary>
    public static ArrowType List(ArrowType item) => List(new ArrowField("item", item));

    /// <summary>Rows of any number of items, described by a field.</summary>
    public static ArrowType List(ArrowField item) => new(ArrowKind.List) { Children = [item] };

    /// <summary>Rows with one value for each of <paramref name="fields"/>.</summary>
    public static ArrowType Struct(params IReadOnlyList<ArrowField> fields) => new(ArrowKind.Struct) { Children = [.. fields] };

    /// <summary>Instants counted in <paramref name="unit"/> since 1970; a null time zone means local time.</summary>
    public static ArrowType Timestamp(ArrowTimeUnit unit, string? timeZone = null) => new(ArrowKind.Timestamp) { Unit = unit, TimeZone = timeZone };

    internal static ArrowType LargeList(ArrowField item) => new(ArrowKind.LargeList) { Children = [item] };

    internal static ArrowType Dictionary(long id, ArrowType index, ArrowType value) =>
        new(ArrowKind.Dictionary) { DictionaryId = id, Children = [new ArrowField("index", index), new ArrowField("value", value)] };

    /// <inheritdoc />
    public bool Equals(ArrowType? other) => other is not null && Kind == other.Kind && Size == other.Size && Unit == other.Unit
        && TimeZone == other.TimeZone && Children.SequenceEqual(other.Children);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as ArrowType);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Kind, Size, Unit, TimeZone, Children.Count);

    /// <inheritdoc />
    public override string ToString() => Kind switch
    {
        ArrowKind.Utf8 => "string",
        ArrowKind.LargeUtf8 => "large_string",
        ArrowKind.LargeBinary => "large_binary",
        ArrowKind.Utf8View => "string_view",
        ArrowKind.BinaryView => "binary_view",
        ArrowKind.FixedSizeBinary => string.Create(CultureInfo.InvariantCulture, $"fixed_size_binary[{Size}]"),
        ArrowKind.FixedSizeList => string.Create(CultureInfo.InvariantCulture, $"fixed_size_list<{Children[0].Type}>[{Size}]"),
        ArrowKind.List => $"list<{Children[0].Type}>",
        ArrowKind.LargeList => $"large_list<{Children[0].Type}>",
        ArrowKind.Struct => $"struct<{string.Join(", ", Children.Select(c => $"{c.Name}: {c.Type}"))}>",
        ArrowKind.Dictionary => $"dictionary<{Children[0].Type}, {Children[1].Type}>",
        ArrowKind.Timestamp => $"timestamp[{UnitName}{(TimeZone is null ? "" : ", " + TimeZone)}]",
#pragma warning disable CA1308 // schema names are lower case by contract
        _ => Kind.ToString().ToLowerInvariant(),
#pragma warning restore CA1308
    };

    private string UnitName => Unit switch
    {
        ArrowTimeUnit.Second => "s",
        ArrowTimeUnit.Millisecond => "ms",
        ArrowTimeUnit.Microsecond => "us",
        _ => "ns",
    };
}
