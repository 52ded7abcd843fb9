using EventMl.Arrow;

namespace EventMl.Data.Transforms.Values;

/// <summary>What the types of columns have in common, as far as transforms care.</summary>
internal static class Families
{
    public static bool IsInteger(this ArrowType type) => type.Kind is >= ArrowKind.Int8 and <= ArrowKind.UInt64;

    public static bool IsFloat(this ArrowType type) => type.Kind is ArrowKind.Float16 or ArrowKind.Float32 or ArrowKind.Float64;

    public static bool IsDecimal(this ArrowType type) => type.Kind is ArrowKind.Decimal32 or ArrowKind.Decimal64 or ArrowKind.Decimal128 or ArrowKind.Decimal256;

    public static bool IsNumber(this ArrowType type) => type.IsInteger() || type.IsFloat() || type.IsDecimal() || type.Kind == ArrowKind.Bool;

    public static bool IsVector(this ArrowType type) => type.Kind == ArrowKind.FixedSizeList && type.Size > 0 && (type.Children[0].Type.IsInteger() || type.Children[0].Type.IsFloat());

    public static bool IsText(this ArrowType type) => type.Kind is ArrowKind.Utf8 or ArrowKind.LargeUtf8 or ArrowKind.Utf8View
        || (type.Kind == ArrowKind.Dictionary && type.Children[1].Type.Kind is ArrowKind.Utf8 or ArrowKind.LargeUtf8 or ArrowKind.Utf8View);

    public static bool IsCategory(this ArrowType type) => type.IsText() || type.IsInteger() || type.IsFloat() || type.Kind == ArrowKind.Bool;

    public static bool IsDate(this ArrowType type) => type.Kind is ArrowKind.Timestamp or ArrowKind.Date32 or ArrowKind.Date64;

    /// <summary>Numbers in a row of the column.</summary>
    public static int Width(this ArrowType type) => type.IsVector() ? type.Size : 1;

    /// <summary>Whether values of one type can stand where another was seen: other widths of the same thing can.</summary>
    public static bool IsLike(this ArrowType type, ArrowType other) => type.Equals(other)
        || (type.IsInteger() && other.IsInteger()) || (type.IsFloat() && other.IsFloat()) || (type.IsText() && other.IsText())
        || (type.IsVector() && other.IsVector() && type.Size == other.Size && type.Children[0].Type.IsLike(other.Children[0].Type));
}
