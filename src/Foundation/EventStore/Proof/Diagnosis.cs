namespace EventMl.EventStore.Proof;

/// <summary>Finds out where an event belongs that is not the sealed one, by trying it at every position and every event in its place.</summary>
internal static class Diagnosis
{
    /// <summary>A clearer finding for the suspect's position; null when the ledger holds no better explanation.</summary>
    public static async Task<Finding?> ExplainAsync(IEvidence evidence, IReadOnlyList<long> anchors, Suspect suspect, CancellationToken cancellationToken)
    {
        var position = suspect.Row.Position;
        var sealedLeaves = new SealedLeaves(evidence, anchors);
        long? belongsAt = null;
        await foreach (var other in evidence.RowsAsync(cancellationToken))
        {
            if (other.Position == position || other is not { Facts: not null, Leaf: not null })
            {
                continue;
            }

            if (Fits(other, suspect.Row, position, suspect.SealedHash))
            {
                return new Finding(position, FindingKind.EventReordered, $"The event that was sealed at position {position} stands at position {other.Position} now.");
            }

            if (belongsAt is null && Fits(suspect.Row, other, other.Position, await sealedLeaves.AtAsync(other.Position, cancellationToken) ?? other.Leaf.Hash))
            {
                belongsAt = other.Position;
            }
        }

        return belongsAt is { } there
            ? new Finding(position, FindingKind.EventDeleted, $"The event that was sealed at position {position} is gone, and the one sealed at position {there} was moved there.")
            : null;
    }

    // What was moved kept or changed its ledger time, and took its salts along or left them.
    private static bool Fits(EvidenceRow moved, EvidenceRow here, long position, byte[] sealedHash)
    {
        foreach (var leaf in (StoredLeaf[])[moved.Leaf!, here.Leaf!])
        {
            foreach (var time in (long[])[moved.Facts!.LedgerTime, here.Facts!.LedgerTime])
            {
                var facts = moved.Facts with { Position = position, LedgerTime = time };
                if (EventLeaf.Hash(facts, leaf.DataCommitment, leaf.HeadersCommitment).AsSpan().SequenceEqual(sealedHash))
                {
                    return true;
                }
            }
        }

        return false;
    }
}

/// <summary>The leaf hashes that anchors hold, read forward and one anchor at a time.</summary>
internal sealed class SealedLeaves(IEvidence evidence, IReadOnlyList<long> sizes)
{
    private int _next;
    private Anchor? _anchor;

    public async Task<byte[]?> AtAsync(long position, CancellationToken cancellationToken)
    {
        while (_next < sizes.Count && (_anchor is null || _anchor.Head.Size < position))
        {
            _anchor = await evidence.AnchorAsync(sizes[_next++], cancellationToken) is { } bytes ? Anchor.Parse(bytes) : null;
        }

        return _anchor is { } anchor && position > anchor.Head.PreviousSize && position <= anchor.Head.Size
            ? anchor.Leaves[(int)(position - anchor.Head.PreviousSize - 1)]
            : null;
    }
}
