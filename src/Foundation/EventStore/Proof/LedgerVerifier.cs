namespace EventMl.EventStore.Proof;

/// <summary>
/// Recomputes the chain from the events and compares it with the leaves, the signed roots and the anchors outside the database,
/// in one pass and bounded memory. What a signed head says goes before what any table says. What is wrong with a head is told at its last position.
/// </summary>
/// <param name="evidence">The record.</param>
/// <param name="keys">Whose signatures count.</param>
public sealed class LedgerVerifier(IEvidence evidence, TrustedKeys keys)
{
    private readonly Findings _findings = new();
    private readonly List<long> _anchors = [];
    private CompactRange _tree = new();
    private DateTimeOffset? _anchoredAt;
    private bool _anchorReported;

    private long Done => _tree.Size;

    /// <summary>Compares everything; call it once.</summary>
    public async Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken = default)
    {
        var check = new RowCheck(_findings);
        await using var rows = new RowCursor(evidence.RowsAsync(cancellationToken).GetAsyncEnumerator(cancellationToken), check);
        await using var roots = evidence.RootsAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        await rows.MoveNextAsync();
        var root = await NextAsync(roots);
        foreach (var size in await evidence.AnchorsAsync(cancellationToken))
        {
            root = await CompareRootsAsync(root, roots, size, cancellationToken);
            await CheckAnchoredAsync(rows, size, cancellationToken);
        }

        var (anchoredTo, anchoredRoot) = (Done, _tree.Root());
        for (; root is not null; root = await NextAsync(roots))
        {
            await CheckSignedAsync(rows, root);
        }

        while (rows.Current is { } row)
        {
            await rows.CheckAsync(row.Position, null);
        }

        if (check.ToldAnchor > anchoredTo && !_anchorReported)
        {
            _findings.Add(anchoredTo + 1, FindingKind.AnchorMissing, $"The ledger tells of an anchor over {check.ToldAnchor} events that is not there.");
        }

        foreach (var data in await evidence.PendingMaskingsAsync(cancellationToken))
        {
            check.Masks.Record(data);
        }

        check.Masks.Compare(_findings);
        if (_findings.Suspect is { } suspect && await Diagnosis.ExplainAsync(evidence, _anchors, suspect, cancellationToken) is { } clearer)
        {
            _findings.Explain(clearer);
        }

        _findings.TellMissing(check.LastPresent, check.SealedTo);
        var found = _findings.Kept;
        return new VerificationReport(
            found.Count == 0, found.Count == 0 ? null : found[0].Position, found, _findings.Count, check.LastPresent, anchoredTo, _anchoredAt,
            Math.Max(0, check.LastPresent - anchoredTo), _anchors.Count, anchoredTo == 0 ? null : Convert.ToHexStringLower(anchoredRoot), keys.Ids,
            check.Masks.Positions, check.Masks.Count);
    }

    private static async Task<StoredRoot?> NextAsync(IAsyncEnumerator<StoredRoot> roots) => await roots.MoveNextAsync() ? roots.Current : null;

    // The database's roots must be those of the anchors, one for one.
    private async Task<StoredRoot?> CompareRootsAsync(StoredRoot? root, IAsyncEnumerator<StoredRoot> roots, long size, CancellationToken cancellationToken)
    {
        while (root is not null && root.SignedHead.Head.Size < size)
        {
            Missing(root.SignedHead.Head.Size, $"There is no anchor over {root.SignedHead.Head.Size} events, though eml_root tells of one.");
            root = await NextAsync(roots);
        }

        if (root is null || root.SignedHead.Head.Size > size)
        {
            _findings.Add(size, FindingKind.SideTablesForged, $"eml_root has no root over {size} events, though there is an anchor.");
            return root;
        }

        if (await ReadAsync(size, cancellationToken) is { } anchor && !anchor.SignedHead.IsSame(root.SignedHead))
        {
            _findings.Add(size, FindingKind.SideTablesForged, $"The root over {size} events in eml_root is not the one that was signed and anchored.");
        }

        return await NextAsync(roots);
    }

    private async Task CheckAnchoredAsync(RowCursor rows, long size, CancellationToken cancellationToken)
    {
        if (await ReadAsync(size, cancellationToken) is not { } anchor || anchor.Head.Size != size || anchor.Tree() is not { } tree)
        {
            _findings.Add(size, FindingKind.AnchorDamaged, $"The anchor over {size} events cannot be read or does not fit its own head.");
            _anchorReported = true;
            return;
        }

        if (!keys.Verify(anchor.SignedHead))
        {
            _findings.Add(size, FindingKind.BadSignature, $"The anchor over {size} events is not signed by a trusted key; it names key {anchor.SignedHead.KeyId}.");
            _anchorReported = true;
            return;
        }

        if (anchor.Head.PreviousSize < Done)
        {
            _findings.Add(size, FindingKind.RootsBroken, $"The head over {size} events follows one over {anchor.Head.PreviousSize}, but there is one over {Done} between them.");
            return;
        }

        if (anchor.Head.PreviousSize > Done)
        {
            Missing(anchor.Head.PreviousSize, $"The anchor over {anchor.Head.PreviousSize} events is gone, though the head over {size} follows it.");
            await CheckByTableAsync(rows, anchor.Head.PreviousSize, anchor.Head.PreviousRoot);
        }
        else if (!anchor.Head.PreviousRoot.AsSpan().SequenceEqual(_tree.Root()))
        {
            _findings.Add(size, FindingKind.RootsBroken, $"The head over {size} events follows another root over {Done} events than the one that was signed.");
        }

        for (var i = 0; i < anchor.Leaves.Count; i++)
        {
            await rows.CheckAsync(anchor.Head.PreviousSize + i + 1, anchor.Leaves[i]);
        }

        _tree = tree;
        _anchors.Add(size);
        _anchoredAt = anchor.Head.At;
        _anchorReported = false;
    }

    // Signed, but not outside the database: on its way there, unless the row says that it has arrived.
    private async Task CheckSignedAsync(RowCursor rows, StoredRoot root)
    {
        var head = root.SignedHead.Head;
        if (root.Anchored)
        {
            Missing(head.Size, $"There is no anchor over {head.Size} events, though eml_root tells of one.");
        }

        if (!keys.Verify(root.SignedHead))
        {
            _findings.Add(head.Size, FindingKind.BadSignature, $"The root over {head.Size} events in eml_root is not signed by a trusted key; it names key {root.SignedHead.KeyId}.");
        }
        else if (head.PreviousSize != Done || !head.PreviousRoot.AsSpan().SequenceEqual(_tree.Root()))
        {
            _findings.Add(head.Size, FindingKind.RootsBroken, $"The root over {head.Size} events in eml_root does not follow the one over {Done}.");
        }
        else
        {
            await CheckByTableAsync(rows, head.Size, head.Root);
        }
    }

    // Without an anchor the leaves are those of the table, and only their root is signed.
    private async Task CheckByTableAsync(RowCursor rows, long to, byte[] signedRoot)
    {
        var from = Done + 1;
        while (rows.Current is { } row && row.Position <= to)
        {
            await rows.CheckAsync(row.Position, null);
            if (row.Leaf is { } leaf && Done + 1 == row.Position)
            {
                _tree.Append(leaf.Hash);
            }
        }

        rows.SkipTo(to + 1);
        if (Done != to || !_tree.Root().AsSpan().SequenceEqual(signedRoot))
        {
            _findings.Add(from, FindingKind.SideTablesForged, $"The leaves of positions {from} to {to} in eml_leaf do not give the signed root; without their anchor the bad one cannot be named.");
        }
    }

    private void Missing(long position, string message)
    {
        if (!_anchorReported)
        {
            _findings.Add(position, FindingKind.AnchorMissing, message);
            _anchorReported = true;
        }
    }

    private async Task<Anchor?> ReadAsync(long size, CancellationToken cancellationToken)
    {
        try
        {
            return await evidence.AnchorAsync(size, cancellationToken) is { } bytes ? Anchor.Parse(bytes) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
