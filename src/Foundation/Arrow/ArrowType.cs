using EventMl.Arrow.Types;

namespace EventMl.Arrow;

/// <summary>An Arrow type with its parameters; <see cref="ToString"/> gives the name used in schemas, for instance <c>fixed_size_list&lt;float32&gt;[784]</c>.</summary>
public sealed class ArrowType : IEquatable<ArrowType>
{
    internal ArrowType(ArrowKind kind) => Kind = kind;

    /// <summary>Which type this is.</summary>
    public ArrowKind Kind { get; }

    /// <summary>Bytes per value of a FixedSizeBinary or items per row of a FixedSizeList, else 0.</summary>
    public int Size { get; internal init; }

    /// <summary>The unit of a timestamp, time or duration.</summary>
    public ArrowTimeUnit Unit { get; internal init; }

    /// <summary>The time zone of a timestamp, or null for a local one.</summary>
    public string? TimeZone { get; internal init; }

    /// <summary>The digits of a decimal, else 0.</summary>
    public int Precision { get; internal init; }

    /// <summary>How many of a decimal's digits stand behind the point (negative: zeros before it).</summary>
    public int Scale { get; internal init; }

    /// <summary>Whether a map's keys are sorted, or a dictionary's values are.</summary>
    public bool IsSorted { get; internal init; }

    /// <summary>The codes of a union's children, in their order; else empty.</summary>
    public IReadOnlyList<int> TypeIds { get; internal init; } = [];

    /// <summary>The item of a list, the fields of a struct or union, the entries of a map, run ends and values, index and value of a dictionary; else empty.</summary>
    public IReadOnlyList<ArrowField> Children { get; internal init; } = [];

    /// <summary>Bytes per value of a fixed-width type, else 0 (Bool has 0: it is bit-packed).</summary>
    public int ByteWidth => Layout.ByteWidth(this);

    internal long DictionaryId { get; init; }

    internal TypeLayout Layout => TypeLayout.Of(Kind);

    /// <summary>A type without parameters.</summary>
    /// <exception cref="ArgumentException">The kind needs parameters.</exception>
    public static ArrowType Of(ArrowKind kind) => TypeLayout.Of(kind).TakesParameters
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

    /// <summary>Rows of any number of items, described by a field; the kind is List, LargeList, ListView or LargeListView.</summary>
    /// <exception cref="ArgumentException">The kind is none of these.</exception>
    public static ArrowType List(ArrowField item, ArrowKind kind = ArrowKind.List) => kind is ArrowKind.List or ArrowKind.LargeList or ArrowKind.ListView or ArrowKind.LargeListView
        ? new ArrowType(kind) { Children = [item] }
        : throw new ArgumentException($"{kind} is not a kind of list.", nameof(kind));

    /// <summary>Rows of any number of pairs; keys are never null.</summary>
    public static ArrowType Map(ArrowType key, ArrowType value, bool keysSorted = false) =>
        Map(new ArrowField("entries", Struct(new ArrowField("key", key, nullable: false), new ArrowField("value", value)), nullable: false), keysSorted);

    /// <summary>Rows of any number of pairs, described by a field that is a struct of key and value.</summary>
    /// <exception cref="ArgumentException">The field is not a struct of two.</exception>
    public static ArrowType Map(ArrowField entries, bool keysSorted = false) => entries.Type is { Kind: ArrowKind.Struct, Children.Count: 2 }
        ? new ArrowType(ArrowKind.Map) { Children = [entries], IsSorted = keysSorted }
        : throw new ArgumentException($"The entries of a map are a struct of key and value; '{entries.Name}' is {entries.Type}.", nameof(entries));

    /// <summary>Rows with one value for each of <paramref name="fields"/>.</summary>
    public static ArrowType Struct(params IReadOnlyList<ArrowField> fields) => new(ArrowKind.Struct) { Children = [.. fields] };

    /// <summary>Rows with a value of one of <paramref name="fields"/>; the codes (0 to 127, all different) default to their positions.</summary>
    /// <exception cref="ArgumentException">The codes do not fit the fields.</exception>
    public static ArrowType Union(IReadOnlyList<ArrowField> fields, bool dense = true, IReadOnlyList<int>? typeIds = null)
    {
        var ids = typeIds ?? [.. Enumerable.Range(0, fields.Count)];
        if (ids.Count != fields.Count || ids.Any(id => id is < 0 or > sbyte.MaxValue) || ids.Distinct().Count() != ids.Count)
            throw new ArgumentException($"A union of {fields.Count} fields needs as many different codes from 0 to 127; these are [{string.Join(", ", ids)}].", nameof(typeIds));
        return new ArrowType(dense ? ArrowKind.DenseUnion : ArrowKind.SparseUnion) { Children = [.. fields], TypeIds = [.. ids] };
    }

    /// <summary>Runs of equal values; the ends of runs are counted in Int16, Int32 or Int64.</summary>
    /// <exception cref="ArgumentException">The kind of the run ends is another.</exception>
    public static ArrowType RunEndEncoded(ArrowType value, ArrowKind runEnds = ArrowKind.Int32) => runEnds is ArrowKind.Int16 or ArrowKind.Int32 or ArrowKind.Int64
        ? RunEndEncoded(new ArrowField("run_ends", Of(runEnds), nullable: false), new ArrowField("values", value))
        : throw new ArgumentException($"The ends of runs are Int16, Int32 or Int64, not {runEnds}.", nameof(runEnds));

    internal static ArrowType RunEndEncoded(ArrowField runEnds, ArrowField values) => new(ArrowKind.RunEndEncoded) { Children = [runEnds, values] };

    /// <summary>Instants counted in <paramref name="unit"/> since 1970; a null time zone means local time.</summary>
    public static ArrowType Timestamp(ArrowTimeUnit unit, string? timeZone = null) => new(ArrowKind.Timestamp) { Unit = unit, TimeZone = timeZone };

    /// <summary>Times of day: 32 bits for seconds and milliseconds, 64 for finer units.</summary>
    public static ArrowType Time(ArrowTimeUnit unit) => new(unit <= ArrowTimeUnit.Millisecond ? ArrowKind.Time32 : ArrowKind.Time64) { Unit = unit };

    /// <summary>Lengths of time.</summary>
    public static ArrowType Duration(ArrowTimeUnit unit) => new(ArrowKind.Duration) { Unit = unit };

    /// <summary>Decimals of <paramref name="precision"/> digits, <paramref name="scale"/> of them behind the point; the kind is Decimal32, 64, 128 or 256.</summary>
    /// <exception cref="ArgumentException">The kind is no decimal, or holds fewer digits.</exception>
#pragma warning disable CA1720 // Arrow's own name
    public static ArrowType Decimal(int precision, int scale, ArrowKind kind = ArrowKind.Decimal128) => TypeLayout.Of(kind) is DecimalLayout layout && precision >= 1 && precision <= layout.MaxPrecision
        ? new ArrowType(kind) { Precision = precision, Scale = scale }
#pragma warning restore CA1720
        : throw new ArgumentException($"{kind} with {precision} digits is not possible: decimals have 1 to 9 (Decimal32), 18 (64), 38 (128) or 76 digits (256).", nameof(precision));

    /// <summary>Values kept once, rows pointing at them by an integer of kind <paramref name="index"/>.</summary>
    /// <exception cref="ArgumentException">The index is not an integer.</exception>
    public static ArrowType Dictionary(ArrowType value, ArrowKind index = ArrowKind.Int32, bool isSorted = false) => index is >= ArrowKind.Int8 and <= ArrowKind.UInt64
        ? Dictionary(0, Of(index), value, isSorted)
        : throw new ArgumentException($"The index of a dictionary is an integer, not {index}.", nameof(index));

    internal static ArrowType Dictionary(long id, ArrowType index, ArrowType value, bool isSorted) =>
        new(ArrowKind.Dictionary) { DictionaryId = id, IsSorted = isSorted, Children = [new ArrowField("index", index), new ArrowField("value", value)] };

    /// <inheritdoc />
    public bool Equals(ArrowType? other) => ReferenceEquals(this, other) || (other is not null && Kind == other.Kind && Size == other.Size && Unit == other.Unit
        && TimeZone == other.TimeZone && Precision == other.Precision && Scale == other.Scale && IsSorted == other.IsSorted
        && TypeIds.SequenceEqual(other.TypeIds) && Children.SequenceEqual(other.Children));

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as ArrowType);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Kind, Size, Unit, TimeZone, Precision, Scale, Children.Count);

    /// <inheritdoc />
    public override string ToString() => Layout.Name(this);
}
