using System.Text.Json;
using System.Text.Json.Serialization;

namespace EventMl.EventStore.Proof;

/// <summary>Where anchors are kept outside the database; what was written once never changes there.</summary>
public interface IAnchorStore
{
    /// <summary>Keeps an anchor for ever; the same bytes again change nothing.</summary>
    /// <exception cref="ProofBrokenException">Other bytes stand there already.</exception>
    Task WriteAsync(long size, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Sizes of the anchors that there are, smallest first.</summary>
    Task<IReadOnlyList<long>> ListAsync(CancellationToken cancellationToken);

    /// <summary>The anchor of that size; null when there is none.</summary>
    Task<byte[]?> ReadAsync(long size, CancellationToken cancellationToken);
}

/// <summary>The record that the notary finds is not the one that was signed; it signs nothing more until somebody has looked.</summary>
public sealed class ProofBrokenException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A signed head with the leaf hashes since the one before: enough to name the first bad position after a rewrite of every table.</summary>
/// <param name="SignedHead">The head and its signature.</param>
/// <param name="Edge">Right edge of the previous head's tree, so that the anchor can be checked by itself.</param>
/// <param name="Leaves">Hashes of the leaves after the previous head's.</param>
public sealed record Anchor(SignedHead SignedHead, IReadOnlyList<byte[]> Edge, IReadOnlyList<byte[]> Leaves)
{
    private const string Format = "eventml-ledger-anchor-1";

    /// <summary>The head.</summary>
    public TreeHead Head => SignedHead.Head;

    /// <summary>The anchor as JSON.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(
        new Content(Format, Head.Text, SignedHead.KeyId, Convert.ToBase64String(SignedHead.Signature), Hex(Edge), Hex(Leaves)), AnchorJson.Default.Content);

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="FormatException">It is no anchor.</exception>
    public static Anchor Parse(ReadOnlySpan<byte> bytes)
    {
        try
        {
            if (JsonSerializer.Deserialize(bytes, AnchorJson.Default.Content) is { Format: Format, Head: { } head, Key: { } key, Signature: { } signature, Edge: { } edge, Leaves: { } leaves })
            {
                var anchor = new Anchor(new SignedHead(TreeHead.Parse(head), key, Convert.FromBase64String(signature)), Hashes(edge), Hashes(leaves));
                if (anchor.Leaves.All(l => l.Length == MerkleHash.Size))
                {
                    return anchor;
                }
            }
        }
        catch (JsonException e)
        {
            throw new FormatException("This is not an anchor of an EventMl ledger.", e);
        }

        throw new FormatException("This is not an anchor of an EventMl ledger.");
    }

    /// <summary>The tree after this anchor; null when edge, leaves and head do not fit each other.</summary>
    public CompactRange? Tree()
    {
        if (Head.Size <= Head.PreviousSize || Head.Size - Head.PreviousSize != Leaves.Count)
        {
            return null;
        }

        try
        {
            var tree = new CompactRange(Head.PreviousSize, Edge);
            if (!tree.Root().AsSpan().SequenceEqual(Head.PreviousRoot))
            {
                return null;
            }

            foreach (var leaf in Leaves)
            {
                tree.Append(leaf);
            }

            return tree.Root().AsSpan().SequenceEqual(Head.Root) ? tree : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static string?[] Hex(IReadOnlyList<byte[]> hashes) => [.. hashes.Select(Convert.ToHexStringLower)];

    private static byte[][] Hashes(IReadOnlyList<string?> hex) => [.. hex.Select(h => Convert.FromHexString(h ?? ""))];

    internal sealed record Content(string? Format, string? Head, string? Key, string? Signature, IReadOnlyList<string?>? Edge, IReadOnlyList<string?>? Leaves);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Anchor.Content))]
internal sealed partial class AnchorJson : JsonSerializerContext;
