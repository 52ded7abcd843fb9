using System.Globalization;
using System.Text.RegularExpressions;
using EventMl.Arrow;

namespace EventMl.Data.Sources.Text;

/// <summary>The types that a field of text can be given, by the names that a schema shows.</summary>
public static partial class TypeNames
{
    /// <summary>The names, for messages.</summary>
    public const string All = "bool, int8 to int64, uint8 to uint64, float32, float64, string, date32, timestamp[s|ms|us|ns], timestamp[us, UTC] or decimal128(precision, scale)";

    /// <summary>The type of a name such as <c>int32</c> or <c>timestamp[us, UTC]</c>.</summary>
    /// <exception cref="SourceException">There is no such type; the message lists them.</exception>
    public static ArrowType Parse(string name) => TryParse(name) ?? throw new SourceException($"There is no type '{name}'; the types are {All}.");

    /// <summary>The type of a name, or null.</summary>
    public static ArrowType? TryParse(string name)
    {
        if (Simple(name) is { } kind)
        {
            return ArrowType.Of(kind);
        }

        if (TimestampPattern().Match(name) is { Success: true } timestamp)
        {
            var unit = timestamp.Groups["unit"].Value switch { "s" => ArrowTimeUnit.Second, "ms" => ArrowTimeUnit.Millisecond, "ns" => ArrowTimeUnit.Nanosecond, _ => ArrowTimeUnit.Microsecond };
            return ArrowType.Timestamp(unit, timestamp.Groups["zone"].Success ? timestamp.Groups["zone"].Value : null);
        }

        return DecimalPattern().Match(name) is { Success: true } match
            && int.TryParse(match.Groups["precision"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var precision)
            && int.TryParse(match.Groups["scale"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var scale)
            && precision is >= 1 and <= 38 && scale <= precision
                ? ArrowType.Decimal(precision, scale)
                : null;
    }

    private static ArrowKind? Simple(string name) => name switch
    {
        "bool" => ArrowKind.Bool,
        "int8" => ArrowKind.Int8,
        "int16" => ArrowKind.Int16,
        "int32" => ArrowKind.Int32,
        "int64" => ArrowKind.Int64,
        "uint8" => ArrowKind.UInt8,
        "uint16" => ArrowKind.UInt16,
        "uint32" => ArrowKind.UInt32,
        "uint64" => ArrowKind.UInt64,
        "float32" => ArrowKind.Float32,
        "float64" => ArrowKind.Float64,
        "string" => ArrowKind.Utf8,
        "date32" => ArrowKind.Date32,
        _ => null,
    };

    [GeneratedRegex(@"^timestamp\[(?<unit>s|ms|us|ns)(?:, ?(?<zone>[A-Za-z0-9_+:/-]{1,64}))?\]$", RegexOptions.None, 1000)]
    private static partial Regex TimestampPattern();

    [GeneratedRegex(@"^decimal128\((?<precision>\d{1,2}), ?(?<scale>\d{1,2})\)$", RegexOptions.None, 1000)]
    private static partial Regex DecimalPattern();
}
