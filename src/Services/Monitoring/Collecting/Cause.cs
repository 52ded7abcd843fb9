using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using EventMl.Bus;

namespace EventMl.Monitoring.Collecting;

/// <summary>What failures of one kind have in common: queue, exception and its message without what differs from case to case.</summary>
/// <param name="Group">Fingerprint, 16 hexadecimal digits.</param>
/// <param name="Text">The message with ids, numbers and quoted values as <c>?</c>.</param>
internal sealed partial record Cause(string Group, string Text)
{
    private const int MaxText = 500;

    public static Cause Of(DeadLetter letter) => Of(letter.Queue, letter.ExceptionType, letter.Reason);

    public static Cause Of(string queue, string exceptionType, string reason)
    {
        var text = Normalise(reason);
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{queue}\n{exceptionType}\n{text}"));
        return new Cause(Convert.ToHexStringLower(hash.AsSpan(0, 8)), text);
    }

    // Only the beginning counts: what others wrote into a message must not make one cause many.
    private static string Normalise(string reason)
    {
        var text = reason.Length > 4 * MaxText ? reason[..(4 * MaxText)] : reason;
        text = Quoted().Replace(text, "${before}?");
        text = Identifier().Replace(text, "?");
        text = Number().Replace(text, "?");
        text = Spaces().Replace(text, " ").Trim();
        return EventStore.Clean.Text(text, MaxText);
    }

    // An apostrophe inside a word opens no quotation.
    [GeneratedRegex("""(?<before>^|[^\p{L}\p{Nd}])('[^']*'|"[^"]*"|`[^`]*`)""", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Quoted();

    // UUIDs and other hexadecimal ids, with the prefix of a public id.
    [GeneratedRegex(@"([a-z]+-)?([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|[0-9a-fA-F]{16,})", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Identifier();

    [GeneratedRegex(@"\p{Nd}+([.,:]\p{Nd}+)*", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Number();

    [GeneratedRegex(@"\s+", RegexOptions.NonBacktracking)]
    private static partial Regex Spaces();
}
