using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace EventMl.Data.Quality;

/// <summary>A find in a text, with how likely such a text is what it looks like when nothing else is known.</summary>
internal readonly record struct PiiMatch(PiiKind Kind, string Text, double Precision);

/// <summary>Finds personal data in a text. The patterns are bounded and begin and end at word boundaries, so that identifiers and measurements do not match by a part.</summary>
internal static partial class PiiPatterns
{
    private const int TimeoutMilliseconds = 1000;

    /// <summary>The first find of each kind; a text that is a bare number is judged more carefully.</summary>
    public static IEnumerable<PiiMatch> Find(string text)
    {
        if (text.Contains('@', StringComparison.Ordinal) && Email().Match(text) is { Success: true } mail)
            yield return new PiiMatch(PiiKind.Email, mail.Value, 0.99);
        if (text.Contains(':', StringComparison.Ordinal) && FindIpv6(text) is { } six)
            yield return new PiiMatch(PiiKind.IpAddress, six, 0.9);
        if (text.Count(char.IsAsciiDigit) is var digits && digits < 4)
            yield break;
        if (text.Contains('.', StringComparison.Ordinal) && Ipv4().Match(text) is { Success: true } four)
            yield return new PiiMatch(PiiKind.IpAddress, four.Value, 0.7);
        if (digits < 7)
            yield break;
        if (FindPhone(text) is { } phone)
            yield return phone;
        if (digits < 9)
            yield break;
        if (Ssn().Match(text) is { Success: true } ssn)
            yield return new PiiMatch(PiiKind.UsSsn, ssn.Value, 0.8);
        if (FindIban(text) is { } iban)
            yield return new PiiMatch(PiiKind.Iban, iban, 0.99);
        if (FindCard(text) is { } card)
            yield return new PiiMatch(PiiKind.CreditCard, card, card.All(char.IsAsciiDigit) && card.Length == text.Length ? 0.5 : 0.95);
        foreach (var id in ResidentId().Matches(text).Where(m => Checksums.IsResidentId(m.ValueSpan)))
        {
            yield return new PiiMatch(PiiKind.CnResidentId, id.Value, 0.97);
            yield break;
        }
    }

    private static PiiMatch? FindPhone(string text)
    {
        if (International().Match(text) is { Success: true } plus && plus.Value.Count(char.IsAsciiDigit) <= 15)
            return new PiiMatch(PiiKind.Phone, plus.Value, 0.9);
        if (National().Match(text) is { Success: true } formatted)
            return new PiiMatch(PiiKind.Phone, formatted.Value, 0.6);
        return ChineseMobile().Match(text) is { Success: true } mobile ? new PiiMatch(PiiKind.Phone, mobile.Value, 0.46) : null;
    }

    private static string? FindIpv6(string text) => Ipv6().Matches(text)
        .Where(m => (m.ValueSpan.Count(':') == 7 || m.ValueSpan.Contains("::", StringComparison.Ordinal)) && m.ValueSpan.IndexOfAnyExcept(':', '0', '1') >= 0)
        .Select(m => m.Value).FirstOrDefault(v => IPAddress.TryParse(v, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6);

    private static string? FindIban(string text)
    {
        Span<char> compact = stackalloc char[34];
        foreach (var start in IbanStart().EnumerateMatches(text))
        {
            var wanted = Checksums.IbanLength(text.AsSpan(start.Index, 2));
            var (size, at) = (0, start.Index);
            for (; at < text.Length && size < wanted && (char.IsAsciiLetterOrDigit(text[at]) || (text[at] == ' ' && text[at - 1] != ' ')); at++)
            {
                if (text[at] != ' ')
                    compact[size++] = text[at];
            }

            if (size > 0 && size == wanted && (at == text.Length || !char.IsAsciiLetterOrDigit(text[at])) && Checksums.IsIban(compact[..size]))
                return text[start.Index..at];
        }

        return null;
    }

    private static string? FindCard(string text)
    {
        Span<char> digits = stackalloc char[19];
        foreach (var match in Card().EnumerateMatches(text))
        {
            var size = 0;
            foreach (var c in text.AsSpan(match.Index, match.Length))
            {
                if (char.IsAsciiDigit(c))
                    digits[size++] = c;
            }

            if (Checksums.IsCard(digits[..size]))
                return text.Substring(match.Index, match.Length);
        }

        return null;
    }

    [GeneratedRegex(@"(?<![\w.+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])", RegexOptions.None, TimeoutMilliseconds)]
    private static partial Regex Email();

    [GeneratedRegex(@"(?<![\w+])\+[1-9](?:[ ().\-]{0,2}[0-9]){6,14}(?![\w-])", RegexOptions.None, TimeoutMilliseconds)]
    private static partial Regex International();

    [GeneratedRegex(@"(?<![\w.\-/])(?:(?:\([0-9]{3}\) ?|[2-9][0-9]{2}[-. ])[0-9]{3}[-. ][0-9]{4}|\(0[1-9][0-9]{1,3}\) ?[0-9]{5,8}|0[1-9][0-9]{1,3}[/ -][0-9]{5,8})(?![\w.\-/])", RegexOptions.None, TimeoutMilliseconds)]
    private static partial Regex National();

    [GeneratedRegex(@"(?<![\w.\-/])1[3-9][0-9]{9}(?![\w.\-/])", RegexOptions.None, TimeoutMilliseconds)]
    private static partial Regex ChineseMobile();

    [GeneratedRegex(@"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}", RegexOptions.None, TimeoutMilliseconds)]
    private static partial Regex IbanStart();

    [GeneratedRegex(@"(?<![\w.,+\-])[0-9](?:[ -]?[0-9]){12,18}(?![\w\-]|[.,][0-9])", RegexOptions.None, TimeoutMilliseconds)]
    private static partial Regex Card();

    [GeneratedRegex(@"(?<![\w.])(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?!\w|\.[0-9])", RegexOptions.None, TimeoutMilliseconds)]
    private static partial Regex Ipv4();

    [GeneratedRegex("(?<![\\w:.])[0-9A-Fa-f:]{3,39}(?![\\w:.])", RegexOptions.None, TimeoutMilliseconds)]
    private static partial Regex Ipv6();

    [GeneratedRegex(@"(?<![\w\-])(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![\w\-])", RegexOptions.None, TimeoutMilliseconds)]
    private static partial Regex Ssn();

    [GeneratedRegex(@"(?<![\w.])[1-9][0-9]{16}[0-9Xx](?![\w.])", RegexOptions.None, TimeoutMilliseconds)]
    private static partial Regex ResidentId();
}
