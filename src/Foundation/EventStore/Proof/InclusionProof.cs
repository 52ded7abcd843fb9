using System.Text.Json;

namespace EventMl.EventStore.Proof;

/// <summary>One event with everything that proves, without the ledger, that it stands at its position under a signed head.</summary>
/// <param name="Row">The event and its leaf.</param>
/// <param name="SignedHead">The head.</param>
/// <param name="Path">Roots of the subtrees beside the way from the leaf to the root (RFC 6962).</param>
/// <param name="PublicKey">The keys that the ledger itself names, PEM; a careful reader takes them from elsewhere.</param>
public sealed record InclusionProof(EvidenceRow Row, SignedHead SignedHead, IReadOnlyList<byte[]> Path, string PublicKey)
{
    private const string Format = "eventml-inclusion-proof-1";

    /// <summary>Builds the proof of a position from a snapshot; null when no head outside the database covers it yet.</summary>
    /// <exception cref="ProofBrokenException">The record does not give the signed root.</exception>
    public static async Task<InclusionProof?> MakeAsync(LedgerEvidence evidence, long position, string publicKey, CancellationToken cancellationToken = default)
    {
        var sizes = await evidence.AnchorsAsync(cancellationToken);
        if (position < 1 || sizes.Count == 0 || sizes[^1] < position || await evidence.AnchorAsync(sizes[^1], cancellationToken) is not { } bytes)
        {
            return null;
        }

        var signed = Anchor.Parse(bytes).SignedHead;
        var ranges = MerkleProof.InclusionRanges(position - 1, signed.Head.Size);
        var trees = ranges.Select(_ => new CompactRange()).ToArray();
        // The ranges do not overlap, so each leaf belongs to one of them or is the proven one.
        var order = Enumerable.Range(0, ranges.Count).OrderBy(i => ranges[i].Start).ToArray();
        var at = 0;
        await foreach (var (leafAt, hash) in evidence.LeavesAsync(cancellationToken))
        {
            if (leafAt > signed.Head.Size)
            {
                break;
            }

            while (at < order.Length && ranges[order[at]].End < leafAt)
            {
                at++;
            }

            if (leafAt != position && at < order.Length)
            {
                trees[order[at]].Append(hash);
            }
        }

        var proven = await evidence.RowAsync(position, cancellationToken);
        return proven is { Facts: not null, Leaf: not null } && new InclusionProof(proven, signed, [.. trees.Select(t => t.Root())], publicKey) is var proof && proof.Includes()
            ? proof
            : throw new ProofBrokenException($"The record does not give the signed root over {signed.Head.Size} events, so nothing can be proved; run: eventml audit verify");
    }

    /// <summary>What is wrong with the proof under the given keys; empty when it holds.</summary>
    public IReadOnlyList<Finding> Check(TrustedKeys keys)
    {
        var findings = new Findings();
        var check = new RowCheck(findings);
        if (!keys.Verify(SignedHead))
        {
            findings.Add(Row.Position, FindingKind.BadSignature, $"The head over {SignedHead.Head.Size} events is not signed by a trusted key; it names key {SignedHead.KeyId}.");
        }

        if (!Includes())
        {
            findings.Add(Row.Position, FindingKind.EventReplaced, $"The event is not the one at position {Row.Position} under the signed root.");
        }

        check.Check(Row, null);
        findings.TellMissing(check.LastPresent, check.SealedTo);
        return findings.Kept;
    }

    /// <summary>The proof as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(
        new ProofFile(Format, EventLine.Of(Row), LeafLine.Of(Row), RootLine.Of(new StoredRoot(SignedHead, true)), [.. Path.Select(Convert.ToHexStringLower)], PublicKey), ProofJson.Readable.ProofFile);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="FormatException">It is no proof.</exception>
    public static InclusionProof Parse(string json)
    {
        try
        {
            if (JsonSerializer.Deserialize(json, ProofJson.Default.ProofFile) is { Format: Format, Event: { Data: { } data } e, Leaf: { } leaf, Root: { } root, Path: { } path, PublicKey: { } key }
                && e.Position == leaf.Position)
            {
                return new InclusionProof(new EvidenceRow(e.Position, e.Facts(), data, e.Headers, leaf.Leaf()), root.Root().SignedHead, [.. path.Select(p => Convert.FromHexString(p ?? ""))], key);
            }
        }
        catch (JsonException e)
        {
            throw new FormatException($"This is not a proof of an EventMl ledger: {e.Message}", e);
        }

        throw new FormatException("This is not a proof of an EventMl ledger; eventml audit prove POSITION writes one.");
    }

    // Of the stored hash nothing is believed: the leaf is made anew.
    private bool Includes() => Row is { Facts: { } facts, Leaf: { } leaf }
        && MerkleProof.Includes(EventLeaf.Hash(facts, leaf.DataCommitment, leaf.HeadersCommitment), facts.Position - 1, SignedHead.Head.Size, Path, SignedHead.Head.Root);
}
