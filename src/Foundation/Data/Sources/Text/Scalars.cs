using System.Buffers.Text;
using System.Globalization;
using System.Numerics;

namespace EventMl.Data.Sources.Text;

/// <summary>Values in text, without strings; every method is false for anything but the whole of a value.</summary>
internal static class Scalars
{
    private const int MaxDigits = 100;
    private const NumberStyles Unspaced = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
    private static ReadOnlySpan<double> PowersOfTen => [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

    public static bool TryBool(ReadOnlySpan<byte> text, out bool value)
    {
        value = System.Text.Ascii.EqualsIgnoreCase(text, "true"u8);
        return value || System.Text.Ascii.EqualsIgnoreCase(text, "false"u8);
    }

    public static bool TryInt64(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        var at = text.Length > 1 && text[0] is (byte)'-' or (byte)'+' ? 1 : 0;
        if (text.Length - at is < 1 or > 18)
        {
            // Near the ends of the range, where the sum may overflow.
            return text.Length - at > 18 && Utf8Parser.TryParse(text, out value, out var used) && used == text.Length;
        }

        long sum = 0;
        for (var i = at; i < text.Length; i++)
        {
            var digit = (uint)(text[i] - '0');
            if (digit > 9)
            {
                return false;
            }

            sum = (sum * 10) + digit;
        }

        value = at == 1 && text[0] == '-' ? -sum : sum;
        return true;
    }

    public static bool TryDouble(ReadOnlySpan<byte> text, out double value)
    {
        // What has at most 15 digits and a small power of ten is exact in one division (Clinger); nearly every number in a file is.
        var negative = text.Length > 0 && text[0] == '-';
        long mantissa = 0;
        var (digits, point, i) = (0, -1, negative ? 1 : 0);
        for (; i < text.Length; i++)
        {
            var digit = (uint)(text[i] - '0');
            if (digit <= 9)
            {
                mantissa = (mantissa * 10) + digit;
                if (++digits > 15)
                {
                    return TrySlowDouble(text, out value);
                }
            }
            else if (text[i] == '.' && point < 0)
            {
                point = digits;
            }
            else
            {
                return TrySlowDouble(text, out value);
            }
        }

        var fraction = point < 0 ? 0 : digits - point;
        value = mantissa / PowersOfTen[fraction];
        value = negative ? -value : value;
        return digits > 0;
    }

    public static bool TrySingle(ReadOnlySpan<byte> text, out float value)
    {
        if (float.TryParse(text, Unspaced, CultureInfo.InvariantCulture, out value))
        {
            return float.IsFinite(value) || IsWord(text);
        }

        var found = TryNotFinite(text, out var special);
        value = (float)special;
        return found;
    }

    /// <summary>A date as days since 1970, <c>YYYY-MM-DD</c>.</summary>
    public static bool TryDate(ReadOnlySpan<byte> text, out int days)
    {
        days = 0;
        if (text.Length != 10 || text[4] != '-' || text[7] != '-' || !TryDigits(text[..4], out var year) || !TryDigits(text[5..7], out var month) || !TryDigits(text[8..], out var day)
            || year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month))
        {
            return false;
        }

        days = new DateOnly(year, month, day).DayNumber - new DateOnly(1970, 1, 1).DayNumber;
        return true;
    }

    /// <summary>ISO 8601 in seconds since 1970 and nanoseconds within the second: <c>YYYY-MM-DD[T ]HH:MM[:SS[.f…]][Z|±HH[:]MM]</c>, or a date alone.</summary>
    public static bool TryTimestamp(ReadOnlySpan<byte> text, out long seconds, out int nanos, out bool zoned)
    {
        (seconds, nanos, zoned) = (0, 0, false);
        if (text.Length < 10 || !TryDate(text[..10], out var days))
        {
            return false;
        }

        seconds = days * 86_400L;
        if (text.Length == 10)
        {
            return true;
        }

        if (text.Length < 16 || text[10] is not ((byte)'T' or (byte)'t' or (byte)' ') || text[13] != ':' || !TryDigits(text[11..13], out var hour) || !TryDigits(text[14..16], out var minute)
            || hour > 23 || minute > 59)
        {
            return false;
        }

        seconds += (hour * 3600) + (minute * 60);
        text = text[16..];
        if (text.Length >= 3 && text[0] == ':')
        {
            if (!TryDigits(text[1..3], out var second) || second > 59)
            {
                return false;
            }

            seconds += second;
            text = text[3..];
            if (text.Length >= 2 && text[0] is (byte)'.' or (byte)',' && !TryFraction(ref text, out nanos))
            {
                return false;
            }
        }

        return text.IsEmpty || TryZone(text, ref seconds, out zoned);
    }

    /// <summary>A decimal as an integer × 10^-scale; digits behind the scale must be zeros.</summary>
    public static bool TryDecimal(ReadOnlySpan<byte> text, int scale, out BigInteger unscaled)
    {
        unscaled = default;
        var start = text.Length > 0 && text[0] is (byte)'-' or (byte)'+' ? 1 : 0;
        var point = text.IndexOf((byte)'.');
        var fraction = point < 0 ? 0 : text.Length - point - 1;
        while (fraction > scale && text[^1] == '0')
        {
            text = text[..^1];
            fraction--;
        }

        if (text.Length - start > MaxDigits || fraction > scale)
        {
            return false;
        }

        var digits = 0;
        for (var i = start; i < text.Length; i++)
        {
            if (i == point)
            {
                continue;
            }

            if (!char.IsAsciiDigit((char)text[i]))
            {
                return false;
            }

            unscaled = (unscaled * 10) + (text[i] - '0');
            digits++;
        }

        unscaled *= BigInteger.Pow(10, scale - fraction);
        unscaled = text.Length > 0 && text[0] == '-' ? -unscaled : unscaled;
        return digits > 0;
    }

    private static bool TrySlowDouble(ReadOnlySpan<byte> text, out double value) =>
        double.TryParse(text, Unspaced, CultureInfo.InvariantCulture, out value)
            ? double.IsFinite(value) || IsWord(text)
            : TryNotFinite(text, out value);

    // A number too large for the type would silently become infinite.
    private static bool IsWord(ReadOnlySpan<byte> text) => text.IndexOfAnyInRange((byte)'0', (byte)'9') < 0;

    private static bool TryNotFinite(ReadOnlySpan<byte> text, out double value)
    {
        var negative = text.Length > 0 && text[0] == '-';
        var word = negative || (text.Length > 0 && text[0] == '+') ? text[1..] : text;
        value = System.Text.Ascii.EqualsIgnoreCase(word, "nan"u8) ? double.NaN
            : System.Text.Ascii.EqualsIgnoreCase(word, "inf"u8) || System.Text.Ascii.EqualsIgnoreCase(word, "infinity"u8)
                ? (negative ? double.NegativeInfinity : double.PositiveInfinity)
            : 0;
        return value != 0;
    }

    private static bool TryDigits(ReadOnlySpan<byte> text, out int value)
    {
        value = 0;
        foreach (var c in text)
        {
            if (!char.IsAsciiDigit((char)c))
            {
                return false;
            }

            value = (value * 10) + (c - '0');
        }

        return true;
    }

    private static bool TryFraction(ref ReadOnlySpan<byte> text, out int nanos)
    {
        nanos = 0;
        var (digits, i) = (0, 1);
        for (; i < text.Length && char.IsAsciiDigit((char)text[i]); i++)
        {
            if (digits < 9)
            {
                nanos = (nanos * 10) + (text[i] - '0');
                digits++;
            }
        }

        text = text[i..];
        for (var rest = digits; rest < 9; rest++)
        {
            nanos *= 10;
        }

        return digits > 0;
    }

    private static bool TryZone(ReadOnlySpan<byte> text, ref long seconds, out bool zoned)
    {
        zoned = true;
        if (text is [(byte)'Z' or (byte)'z'])
        {
            return true;
        }

        var minutes = 0;
        if (text[0] is not ((byte)'+' or (byte)'-') || text.Length is not (3 or 5 or 6) || (text.Length == 6 && text[3] != ':')
            || !TryDigits(text[1..3], out var hours) || (text.Length > 3 && !TryDigits(text[^2..], out minutes)) || hours > 15 || minutes > 59)
        {
            return false;
        }

        var offset = (hours * 3600) + (minutes * 60);
        seconds -= text[0] == '-' ? -offset : offset;
        return true;
    }
}
