using System.Globalization;
using System.Numerics;
using EventMl.Arrow;

namespace EventMl.Data.Quality;

/// <summary>Dates, times and durations as text, to the last nanosecond.</summary>
internal static class ClockText
{
    private const long SecondsPerDay = 86_400;
    private const long FirstSecond = -62_135_596_800;
    private const long LastSecond = 253_402_300_799;

    public static string Of(long steps, ArrowType type) => type.Kind switch
    {
        ArrowKind.Date32 => Instant((Int128)steps * SecondsPerDay, 0, 0, dateOnly: true, ""),
        ArrowKind.Date64 => Instant(Floor(steps, 1000).Whole, 0, 0, dateOnly: true, ""),
        ArrowKind.Timestamp => Timestamp(steps, type),
        ArrowKind.Duration => Seconds(steps, type.Unit) + "s",
        _ => Clock(steps, type.Unit),
    };

    /// <summary>An instant given in seconds since 1970, to the microsecond.</summary>
    public static string Instant(double seconds)
    {
        if (!(seconds >= FirstSecond && seconds <= LastSecond))
            return seconds.ToString("R", CultureInfo.InvariantCulture) + "s";
        var whole = Math.Floor(seconds);
        return Instant((Int128)whole, (long)Math.Min(Math.Round((seconds - whole) * 1e6), 999_999), 6, dateOnly: false, "Z");
    }

    /// <summary>The count of a type's unit that a text written by <see cref="Of"/>, or a plain count, means; for integers the number itself.</summary>
    /// <exception cref="FormatException">The text is neither.</exception>
    public static long Steps(string text, ArrowType type)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var plain))
            return plain;
        return type.Kind switch
        {
            ArrowKind.Date32 => Ticks(text) / TimeSpan.TicksPerDay,
            ArrowKind.Date64 => Ticks(text) / TimeSpan.TicksPerMillisecond,
            ArrowKind.Timestamp => WithFraction(text, type.Unit, whole => Ticks(whole) / TimeSpan.TicksPerSecond),
            ArrowKind.Time32 or ArrowKind.Time64 when !text.EndsWith('s') => WithFraction(text, type.Unit, whole => TimeSpan.Parse(whole, CultureInfo.InvariantCulture).Ticks / TimeSpan.TicksPerSecond),
            ArrowKind.Time32 or ArrowKind.Time64 or ArrowKind.Duration when text.EndsWith('s') =>
                checked((long)(decimal.Parse(text.AsSpan(0, text.Length - 1), NumberStyles.Float, CultureInfo.InvariantCulture) * (decimal)NumberReader.StepsPerSecond(type.Unit))),
            _ => throw new FormatException($"'{text}' is no {type}."),
        };
    }

    private static long Ticks(string text) => (DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal) - DateTimeOffset.UnixEpoch).Ticks;

    // .NET's clocks stop at 100 ns, so what stands behind the point is read here.
    private static long WithFraction(string text, ArrowTimeUnit unit, Func<string, long> seconds)
    {
        var point = text.IndexOf('.', StringComparison.Ordinal);
        var end = point < 0 ? text.Length : point + 1;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
            end++;
        var digits = point < 0 ? "" : text[(point + 1)..end];
        if (digits.Length > Digits(unit))
            throw new FormatException($"'{text}' is finer than {unit}.");
        var fraction = digits.Length == 0 ? 0 : long.Parse(digits.PadRight(Digits(unit), '0'), CultureInfo.InvariantCulture);
        return checked((seconds(point < 0 ? text : text[..point] + text[end..]) * (long)NumberReader.StepsPerSecond(unit)) + fraction);
    }

    private static string Timestamp(long steps, ArrowType type)
    {
        var (whole, rest) = Floor(steps, (long)NumberReader.StepsPerSecond(type.Unit));
        return Instant(whole, rest, Digits(type.Unit), dateOnly: false, type.TimeZone is null ? "" : "Z");
    }

    // Years that .NET's calendar does not have are shown as seconds.
    private static string Instant(Int128 seconds, long fraction, int digits, bool dateOnly, string zone)
    {
        if (seconds < FirstSecond || seconds > LastSecond)
            return seconds.ToString(CultureInfo.InvariantCulture) + "s";
        var at = DateTimeOffset.FromUnixTimeSeconds((long)seconds);
        return at.ToString(dateOnly ? "yyyy-MM-dd" : "yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture) + Fraction(fraction, digits) + zone;
    }

    private static string Clock(long steps, ArrowTimeUnit unit)
    {
        var (whole, rest) = Floor(steps, (long)NumberReader.StepsPerSecond(unit));
        return whole is < 0 or >= SecondsPerDay
            ? Seconds(steps, unit) + "s"
            : string.Create(CultureInfo.InvariantCulture, $"{whole / 3600:00}:{whole / 60 % 60:00}:{whole % 60:00}") + Fraction(rest, Digits(unit));
    }

    private static string Seconds(long steps, ArrowTimeUnit unit) => DecimalText.Of(steps, Digits(unit));

    private static string Fraction(long fraction, int digits) => fraction == 0 ? "" : "." + fraction.ToString("D" + digits, CultureInfo.InvariantCulture).TrimEnd('0');

    private static int Digits(ArrowTimeUnit unit) => 3 * (int)unit;

    private static (long Whole, long Fraction) Floor(long value, long divisor)
    {
        var (whole, rest) = Math.DivRem(value, divisor);
        return rest < 0 ? (whole - 1, rest + divisor) : (whole, rest);
    }
}

/// <summary>Decimals of any width as text.</summary>
internal static class DecimalText
{
    /// <summary>The number <paramref name="unscaled"/> × 10^-<paramref name="scale"/> without zeros at the end.</summary>
    public static string Of(BigInteger unscaled, int scale)
    {
        if (scale <= 0)
            return (unscaled * BigInteger.Pow(10, -scale)).ToString(CultureInfo.InvariantCulture);
        var digits = BigInteger.Abs(unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        var fraction = digits[^scale..].TrimEnd('0');
        return (unscaled.Sign < 0 ? "-" : "") + digits[..^scale] + (fraction.Length == 0 ? "" : "." + fraction);
    }
}
