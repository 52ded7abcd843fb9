using System.Globalization;

namespace EventMl.Data.Quality;

/// <summary>The check digits of numbers that people have.</summary>
internal static class Checksums
{
    private static readonly int[] s_residentWeights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

    // Lengths by country, from the public IBAN registry.
    private static readonly Dictionary<string, int> s_ibanLengths = new(StringComparer.Ordinal)
    {
        ["AD"] = 24, ["AE"] = 23, ["AL"] = 28, ["AT"] = 20, ["AZ"] = 28, ["BA"] = 20, ["BE"] = 16, ["BG"] = 22, ["BH"] = 22, ["BR"] = 29, ["BY"] = 28, ["CH"] = 21,
        ["CR"] = 22, ["CY"] = 28, ["CZ"] = 24, ["DE"] = 22, ["DK"] = 18, ["DO"] = 28, ["EE"] = 20, ["EG"] = 29, ["ES"] = 24, ["FI"] = 18, ["FO"] = 18, ["FR"] = 27,
        ["GB"] = 22, ["GE"] = 22, ["GI"] = 23, ["GL"] = 18, ["GR"] = 27, ["GT"] = 28, ["HR"] = 21, ["HU"] = 28, ["IE"] = 22, ["IL"] = 23, ["IQ"] = 23, ["IS"] = 26,
        ["IT"] = 27, ["JO"] = 30, ["KW"] = 30, ["KZ"] = 20, ["LB"] = 28, ["LC"] = 32, ["LI"] = 21, ["LT"] = 20, ["LU"] = 20, ["LV"] = 21, ["MC"] = 27, ["MD"] = 24,
        ["ME"] = 22, ["MK"] = 19, ["MR"] = 27, ["MT"] = 31, ["MU"] = 30, ["NL"] = 18, ["NO"] = 15, ["PK"] = 24, ["PL"] = 28, ["PS"] = 29, ["PT"] = 25, ["QA"] = 29,
        ["RO"] = 24, ["RS"] = 22, ["SA"] = 24, ["SC"] = 31, ["SE"] = 24, ["SI"] = 19, ["SK"] = 24, ["SM"] = 27, ["ST"] = 25, ["SV"] = 28, ["TL"] = 23, ["TN"] = 24,
        ["TR"] = 26, ["UA"] = 29, ["VA"] = 22, ["VG"] = 24, ["XK"] = 20,
    };

    public static int IbanLength(ReadOnlySpan<char> country) => s_ibanLengths.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(country, out var length) ? length : 0;

    /// <summary>Whether the number that begins the text with the length its country uses is an IBAN (ISO 7064, mod 97-10).</summary>
    public static bool IsIban(ReadOnlySpan<char> compact)
    {
        var rest = 0;
        for (var i = 0; i < compact.Length; i++)
        {
            var c = compact[(i + 4) % compact.Length];
            rest = char.IsAsciiDigit(c) ? ((rest * 10) + (c - '0')) % 97 : char.IsAsciiLetterUpper(c) ? ((rest * 100) + (c - 'A' + 10)) % 97 : -1;
            if (rest < 0)
                return false;
        }

        return rest == 1;
    }

    /// <summary>Whether digits have a length and beginning that a network gives out, and the Luhn check digit.</summary>
    public static bool IsCard(ReadOnlySpan<char> digits)
    {
        var start = int.Parse(digits[..4], CultureInfo.InvariantCulture);
        var fits = (start, digits.Length) switch
        {
            ( >= 4000 and < 5000, 13 or 16 or 19) => true,
            ( >= 5100 and < 5600, 16) or ( >= 2221 and <= 2720, 16) => true,
            ( >= 3400 and < 3500, 15) or ( >= 3700 and < 3800, 15) => true,
            (6011, >= 16) or ( >= 6440 and < 6600, >= 16) or ( >= 3528 and < 3590, >= 16) or ( >= 6200 and < 6300, >= 16) => true,
            ( >= 3000 and < 3060, >= 14) or ( >= 3600 and < 3700, >= 14) or ( >= 3800 and < 4000, >= 14) => true,
            _ => false,
        };
        return fits && HasLuhn(digits);
    }

    public static bool IsResidentId(ReadOnlySpan<char> id)
    {
        if (!DateOnly.TryParseExact(id.Slice(6, 8), "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var born) || born.Year is < 1880 or > 2100)
            return false;
        var sum = 0;
        for (var i = 0; i < s_residentWeights.Length; i++)
            sum += (id[i] - '0') * s_residentWeights[i];
        return "10X98765432"[sum % 11] == char.ToUpperInvariant(id[17]);
    }

    private static bool HasLuhn(ReadOnlySpan<char> digits)
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = digits[^(i + 1)] - '0';
            sum += i % 2 == 0 ? digit : digit > 4 ? (2 * digit) - 9 : 2 * digit;
        }

        return sum % 10 == 0;
    }
}
