using System.Globalization;
using System.Text;

namespace EventMl.EventStore.Proof;

/// <summary>What is signed: the ledger's first <paramref name="Size"/> events and the head before, so that heads form a chain of their own.</summary>
/// <param name="Size">Number of events, which is the last position.</param>
/// <param name="Root">Root of their Merkle tree.</param>
/// <param name="At">When it was signed, whole microseconds.</param>
/// <param name="PreviousSize">Size of the head before; 0 for the first.</param>
/// <param name="PreviousRoot">Root of the head before.</param>
public sealed record TreeHead(long Size, byte[] Root, DateTimeOffset At, long PreviousSize, byte[] PreviousRoot)
{
    private const string Title = "EventMl ledger head v1";
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    /// <summary>The text that is signed, in UTF-8: five lines that anybody can read and check with OpenSSL.</summary>
    public string Text => string.Create(CultureInfo.InvariantCulture, $"""
        {Title}
        size {Size}
        root {Convert.ToHexStringLower(Root)}
        time {At.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)}
        previous {PreviousSize} {Convert.ToHexStringLower(PreviousRoot)}

        """).ReplaceLineEndings("\n");

    internal byte[] Bytes => Encoding.UTF8.GetBytes(Text);

    /// <summary>Reads a head; only the very text that <see cref="Text"/> writes is one.</summary>
    /// <exception cref="FormatException">The text is no head.</exception>
    public static TreeHead Parse(string text)
    {
        try
        {
            if (text.Split('\n') is [Title, var size, var root, var time, var previous, ""] && previous.Split(' ') is [_, var before, var beforeRoot])
            {
                var head = new TreeHead(
                    Number(Value(size)), Convert.FromHexString(Value(root)),
                    DateTimeOffset.ParseExact(Value(time), TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
                    Number(before), Convert.FromHexString(beforeRoot));
                if (head.Text == text)
                {
                    return head;
                }
            }
        }
        catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
        {
            throw new FormatException("This is not a signed head of an EventMl ledger.", e);
        }

        throw new FormatException("This is not a signed head of an EventMl ledger.");
    }

    private static string Value(string line) => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..];

    private static long Number(string text) => long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}

/// <summary>A head with its ECDSA P-256 signature (DER) and the id of the key that made it.</summary>
public sealed record SignedHead(TreeHead Head, string KeyId, byte[] Signature)
{
    /// <summary>Whether both say the very same.</summary>
    public bool IsSame(SignedHead other) => Head.Text == other.Head.Text && KeyId == other.KeyId && Signature.AsSpan().SequenceEqual(other.Signature);
}
