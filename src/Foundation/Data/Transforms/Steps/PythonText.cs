using System.Globalization;
using System.Text;

namespace EventMl.Data.Transforms.Steps;

/// <summary>Texts as Python sees them, where .NET sees them otherwise.</summary>
internal static class PythonText
{
    private const char Sigma = 'Σ';
    private const char SmallSigma = 'σ';
    private const char FinalSigma = 'ς';

    /// <summary>Whether a code point matches Python's <c>\w</c>: letters and numbers of all kinds, and the underscore.</summary>
    public static bool IsWord(Rune rune) => rune.Value == '_' || Rune.IsLetterOrDigit(rune)
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    /// <summary>Whether Python's <c>split</c> parts texts here.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001C' and <= '\u001F';

    /// <summary>Lower case with the two special rules of Unicode: a dotted capital I keeps its dot, a sigma at a word's end has a form of its own.</summary>
    public static string Lower(string text)
    {
        var lower = text.ToLowerInvariant();
        if (!text.AsSpan().ContainsAny(Sigma, 'İ'))
            return lower;
        var result = new StringBuilder(lower.Length + 4);
        for (var i = 0; i < text.Length; i++)
        {
            _ = text[i] switch
            {
                'İ' => result.Append("i\u0307"),
                Sigma => result.Append(IsCasedBefore(text, i) && !IsCasedAfter(text, i) ? FinalSigma : SmallSigma),
                _ => result.Append(lower[i]),
            };
        }

        return result.ToString();
    }

    private static bool IsCasedBefore(string text, int index)
    {
        while (--index >= 0 && IsIgnored(text[index]))
        {
        }

        return index >= 0 && IsCased(text[index]);
    }

    private static bool IsCasedAfter(string text, int index)
    {
        while (++index < text.Length && IsIgnored(text[index]))
        {
        }

        return index < text.Length && IsCased(text[index]);
    }

    private static bool IsCased(char c) => char.GetUnicodeCategory(c) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter;

    private static bool IsIgnored(char c) => c is '\'' or '.' or ':' or '^' or '`' or '¨' or '·' or '\u2019' or '\u2018' or '\u2024' or '\u2027'
        || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;
}
