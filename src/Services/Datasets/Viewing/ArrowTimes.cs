using System.Globalization;
using EventMl.Arrow;

namespace EventMl.Datasets.Viewing;

/// <summary>Dates, times and spans in words.</summary>
internal static class ArrowTimes
{
    private static readonly string[] _units = ["s", "ms", "us", "ns"];

    // Dates that .NET's calendar knows; what lies outside is shown as the number it is.
    private static readonly long _firstDay = -DateTime.UnixEpoch.Ticks / TimeSpan.TicksPerDay;
    private static readonly long _lastDay = (DateTime.MaxValue.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerDay;

    public static string Text(PrimitiveColumn column, int row) => column.Field.Type switch
    {
        { Kind: ArrowKind.Date32 } => Date(column.Values<int>()[row]),
        { Kind: ArrowKind.Date64 } => Date(Math.DivRem(column.Values<long>()[row], 86_400_000L).Quotient),
        { Kind: ArrowKind.Timestamp } type => Instant(column.Values<long>()[row], type),
        { Kind: ArrowKind.Time32, Unit: var unit } => OfDay(column.Values<int>()[row], unit),
        { Kind: ArrowKind.Time64, Unit: var unit } => OfDay(column.Values<long>()[row], unit),
        { Kind: ArrowKind.Duration, Unit: var unit } => string.Create(CultureInfo.InvariantCulture, $"{column.Values<long>()[row]} {_units[(int)unit]}"),
        { Kind: ArrowKind.IntervalMonths } => string.Create(CultureInfo.InvariantCulture, $"{column.Values<int>()[row]} months"),
        var type => $"({type})",
    };

    private static string Date(long day) => day >= _firstDay && day <= _lastDay
        ? DateTime.UnixEpoch.AddDays(day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"day {day}");

    private static string Instant(long value, ArrowType type)
    {
        var (perSecond, digits) = Scale(type.Unit);
        var (seconds, rest) = (long.DivRem(value, perSecond).Quotient, value % perSecond);
        if (rest < 0)
        {
            (seconds, rest) = (seconds - 1, rest + perSecond);
        }

        if (seconds / 86_400 <= _firstDay || seconds / 86_400 >= _lastDay)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{value} {_units[(int)type.Unit]}");
        }

        var text = DateTime.UnixEpoch.AddSeconds(seconds).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        return text + Fraction(rest, digits) + (type.TimeZone is null ? "" : "Z");
    }

    private static string OfDay(long value, ArrowTimeUnit unit)
    {
        var (perSecond, digits) = Scale(unit);
        return value >= 0 && value < 86_400 * perSecond
            ? TimeSpan.FromSeconds(value / perSecond).ToString("c", CultureInfo.InvariantCulture) + Fraction(value % perSecond, digits)
            : string.Create(CultureInfo.InvariantCulture, $"{value} {_units[(int)unit]}");
    }

    private static (long PerSecond, int Digits) Scale(ArrowTimeUnit unit) => unit switch
    {
        ArrowTimeUnit.Second => (1, 0),
        ArrowTimeUnit.Millisecond => (1_000, 3),
        ArrowTimeUnit.Microsecond => (1_000_000, 6),
        _ => (1_000_000_000, 9),
    };

    private static string Fraction(long rest, int digits) =>
        digits == 0 || rest == 0 ? "" : "." + rest.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0');
}
