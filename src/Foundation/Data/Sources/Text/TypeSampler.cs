using EventMl.Arrow;

namespace EventMl.Data.Sources.Text;

/// <summary>Finds the narrowest type that all texts of a column fit: bool, int64, float64, date32, timestamp[us], timestamp[us, UTC], else string.</summary>
internal sealed class TypeSampler
{
    private Fits _fits = Fits.Everything;
    private bool _seen;

    [Flags]
    private enum Fits
    {
        None = 0,
        Bool = 1,
        Integer = 2,
        Real = 4,
        Date = 8,
        Timestamp = 16,
        Instant = 32,
        Everything = 63,
    }

    public void Observe(ReadOnlySpan<byte> text)
    {
        _seen = true;
        if (_fits != Fits.None)
        {
            _fits &= What(text);
        }
    }

    public ArrowType Result() => !_seen ? ArrowType.Of(ArrowKind.Utf8)
        : Has(Fits.Bool) ? ArrowType.Of(ArrowKind.Bool)
        : Has(Fits.Integer) ? ArrowType.Of(ArrowKind.Int64)
        : Has(Fits.Real) ? ArrowType.Of(ArrowKind.Float64)
        : Has(Fits.Date) ? ArrowType.Of(ArrowKind.Date32)
        : Has(Fits.Timestamp) ? ArrowType.Timestamp(ArrowTimeUnit.Microsecond)
        : Has(Fits.Instant) ? ArrowType.Timestamp(ArrowTimeUnit.Microsecond, "UTC")
        : ArrowType.Of(ArrowKind.Utf8);

    private bool Has(Fits type) => (_fits & type) != Fits.None;

    private static Fits What(ReadOnlySpan<byte> text)
    {
        text = text.Trim(" \t"u8);
        if (Scalars.TryInt64(text, out _))
        {
            // A leading zero or plus is part of a code, a zip code for instance, which a number would lose.
            return HasLeadingZeroOrPlus(text) ? Fits.None : Fits.Integer | Fits.Real;
        }

        if (Scalars.TryDouble(text, out _))
        {
            return HasLeadingZeroOrPlus(text) || IsOnlyDigits(text) ? Fits.None : Fits.Real;
        }

        return Scalars.TryBool(text, out _) ? Fits.Bool
            : Scalars.TryDate(text, out _) ? Fits.Date | Fits.Timestamp | Fits.Instant
            : Scalars.TryTimestamp(text, out _, out _, out var zoned) ? (zoned ? Fits.Instant : Fits.Timestamp)
            : Fits.None;
    }

    private static bool HasLeadingZeroOrPlus(ReadOnlySpan<byte> text)
    {
        var digits = text[0] == '-' ? text[1..] : text;
        return text[0] == '+' || (digits.Length > 1 && digits[0] == '0' && char.IsAsciiDigit((char)digits[1]));
    }

    // A whole number beyond 64 bits is an id; as a float it would lose its last digits.
    private static bool IsOnlyDigits(ReadOnlySpan<byte> text) => text.TrimStart((byte)'-').IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;
}
