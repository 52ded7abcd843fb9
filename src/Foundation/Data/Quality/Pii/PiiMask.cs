namespace EventMl.Data.Quality;

/// <summary>Shows that there is a value, not which.</summary>
public static class PiiMask
{
    private const int ManyDigits = 6;

    /// <summary>A mail address as <c>j***@***</c>, a number as its last two characters, other text as its first.</summary>
    public static string Mask(string value)
    {
        if (value.Length < 3)
            return "***";
        var first = char.IsSurrogate(value[0]) ? value[..2] : value[..1];
        if (value.Contains('@', StringComparison.Ordinal))
            return first + "***@***";
        return value.Count(char.IsAsciiDigit) >= ManyDigits ? "***" + value[^2..] : first + "***";
    }
}
