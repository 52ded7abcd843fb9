using System.Globalization;
using System.Text.Json.Nodes;
using EventMl.Arrow;

namespace EventMl.Data.Transforms.Values;

/// <summary>One value of a column that is taken for a name: a text, an integer, a number, a bit; or none, which null and NaN both are.</summary>
internal readonly record struct Category(ArrowKind Kind, string? Text, long Bits)
{
    /// <summary>The category of what is missing; it comes after all others.</summary>
    public static Category Missing { get; }

    public bool IsMissing => Kind == ArrowKind.Null;

    public double Number => BitConverter.Int64BitsToDouble(Bits);

    public static Category Of(string text) => new(ArrowKind.Utf8, text, 0);

    public static Category Of(long integer) => new(ArrowKind.Int64, null, integer);

    public static Category Of(bool bit) => new(ArrowKind.Bool, null, bit ? 1 : 0);

    // Adding zero makes -0 the same as 0.
    public static Category Of(double number) => double.IsNaN(number) ? Missing : new Category(ArrowKind.Float64, null, BitConverter.DoubleToInt64Bits(number + 0.0));

    /// <summary>A category from JSON, in the shape that a column of that type gives.</summary>
    public static Category Read(JsonNode? node, ArrowType type) =>
        node is null ? Missing
        : type.IsText() ? Of(node.GetValue<string>())
        : type.Kind == ArrowKind.Bool ? Of(node.GetValue<bool>())
        : type.IsInteger() ? Of(long.Parse(node.ToJsonString(), CultureInfo.InvariantCulture))
        : Of(double.Parse(node.ToJsonString(), CultureInfo.InvariantCulture));

    public JsonNode? ToJson() => Kind switch
    {
        ArrowKind.Null => null,
        ArrowKind.Utf8 => JsonValue.Create(Text),
        ArrowKind.Bool => JsonValue.Create(Bits != 0),
        ArrowKind.Int64 => JsonValue.Create(Bits),
        _ => JsonValue.Create(Number),
    };

    /// <summary>The category as part of a column's name, as Python writes it.</summary>
    public override string ToString() => Kind switch
    {
        ArrowKind.Null => "nan",
        ArrowKind.Utf8 => Text!,
        ArrowKind.Bool => Bits != 0 ? "True" : "False",
        ArrowKind.Int64 => Bits.ToString(CultureInfo.InvariantCulture),
        _ => Number.ToString(CultureInfo.InvariantCulture) is var text && text.All(c => c == '-' || char.IsAsciiDigit(c)) ? $"{text}.0" : text,
    };
}

/// <summary>Orders texts by code points; UTF-16 order differs beyond U+FFFF.</summary>
internal sealed class CodePointOrder : IComparer<string>
{
    public static CodePointOrder Instance { get; } = new();

    public static int Compare(string left, string right)
    {
        var length = Math.Min(left.Length, right.Length);
        var at = left.AsSpan(0, length).CommonPrefixLength(right.AsSpan(0, length));
        if (at == length)
            return left.Length.CompareTo(right.Length);
        var (a, b) = (left[at], right[at]);
        // Surrogates stand for what is above every other character.
        return char.IsSurrogate(a) == char.IsSurrogate(b) ? a.CompareTo(b) : char.IsSurrogate(a) ? 1 : -1;
    }

    int IComparer<string>.Compare(string? x, string? y) => Compare(x!, y!);
}

/// <summary>Numbers by value, texts by code point as in Python, what is missing last.</summary>
internal sealed class CategoryOrder : IComparer<Category>
{
    public static CategoryOrder Instance { get; } = new();

    public int Compare(Category x, Category y) =>
        x.IsMissing || y.IsMissing ? x.IsMissing.CompareTo(y.IsMissing)
        : x.Kind == ArrowKind.Utf8 ? CodePointOrder.Compare(x.Text!, y.Text!)
        : x.Kind == ArrowKind.Float64 ? x.Number.CompareTo(y.Number)
        : x.Bits.CompareTo(y.Bits);
}

/// <summary>Reads columns as categories and texts.</summary>
internal static class CategoryReader
{
    /// <exception cref="TransformException">A float is infinite.</exception>
    public static Category[] Read(string place, Column column)
    {
        if (column.Field.Type.IsText())
            return [.. Texts(column).Select(t => t is null ? Category.Missing : Category.Of(t))];
        var categories = new Category[column.Length];
        var numbers = column.Field.Type.IsFloat() ? NumberReader.Read(place, [column], column.Length).Data : null;
        for (var row = 0; row < categories.Length; row++)
        {
            categories[row] = column.IsNull(row) ? Category.Missing
                : numbers is not null ? Category.Of(numbers[row])
                : column is BoolColumn bits ? Category.Of(bits.GetValue(row))
                : Category.Of(Integer(column, row));
        }

        return categories;
    }

    /// <summary>The texts of a column of text or of a dictionary of texts.</summary>
    public static string?[] Texts(Column column)
    {
        var texts = new string?[column.Length];
        if (column is DictionaryColumn shared)
        {
            // Decoded once, since that is what dictionaries are for.
            var values = Texts(shared.Dictionary);
            for (var row = 0; row < texts.Length; row++)
                texts[row] = shared.IsNull(row) ? null : values[shared.GetIndex(row)];
            return texts;
        }

        var text = (Utf8Column)column;
        for (var row = 0; row < texts.Length; row++)
            texts[row] = text.GetString(row);
        return texts;
    }

    public static long Integer(Column column, int row) => column.Field.Type.Kind switch
    {
        ArrowKind.Int8 => column.Values<sbyte>()[row],
        ArrowKind.UInt8 => column.Values<byte>()[row],
        ArrowKind.Int16 => column.Values<short>()[row],
        ArrowKind.UInt16 => column.Values<ushort>()[row],
        ArrowKind.Int32 => column.Values<int>()[row],
        ArrowKind.UInt32 => column.Values<uint>()[row],
        ArrowKind.Int64 => column.Values<long>()[row],
        // Kept apart even where they are above the largest signed one.
        _ => unchecked((long)column.Values<ulong>()[row]),
    };
}
