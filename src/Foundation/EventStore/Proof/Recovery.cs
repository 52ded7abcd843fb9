namespace EventMl.EventStore.Proof;

/// <summary>What a notary goes on with: the tree, the leaves since the last head, and that head.</summary>
internal sealed record Recovered(CompactRange Tree, List<byte[]> Pending, TreeHead? Last, IReadOnlyList<byte[]> LastEdge, DateTimeOffset? WaitingSince);

/// <summary>
/// Takes up sealing where the last leader left it: from the last root's right edge and the leaves after it. A record that is not the one that
/// was signed is refused, since another signature would wash it clean.
/// </summary>
internal sealed class Recovery(Ledger ledger, IAnchorStore anchors, TrustedKeys trusted, long epoch)
{
    private readonly ProofTables _tables = new(ledger.Schema, ledger.DataSource);

    /// <summary>The state to go on with; null when another leads.</summary>
    /// <exception cref="ProofBrokenException">The database and the anchors do not tell the same.</exception>
    public async Task<Recovered?> RunAsync(CancellationToken cancellationToken)
    {
        var sizes = await anchors.ListAsync(cancellationToken);
        var anchored = sizes.Count == 0 ? 0 : sizes[^1];
        RootRow? last = null;
        // From the newest anchor on; what is older was checked by whoever wrote that one.
        foreach (var row in await _tables.RootsAsync(anchored - 1, 10_000, cancellationToken))
        {
            RequireSigned(row);
            if (last is null && anchored > 0 && row.Root.SignedHead.Head.Size != anchored)
            {
                break;
            }

            if (row.Root.SignedHead.Head.Size == anchored)
            {
                await RequireSameAsync(row.Root.SignedHead, cancellationToken);
            }
            else if (row.Root.Anchored)
            {
                throw new ProofBrokenException($"The anchor over {row.Root.SignedHead.Head.Size} events is gone; restore the anchors' folder.");
            }

            if (!row.Root.Anchored && !await PublishAsync(row, last, cancellationToken))
            {
                return null;
            }

            last = row;
        }

        if (anchored > 0 && last is null)
        {
            throw new ProofBrokenException(
                $"There is an anchor over {anchored} events, but eml_root ends before it: the database was rolled back or restored from an older copy, or its roots were removed.");
        }

        return await TailAsync(last, cancellationToken);
    }

    private async Task<Recovered> TailAsync(RootRow? last, CancellationToken cancellationToken)
    {
        var head = last?.Root.SignedHead.Head;
        var tree = new CompactRange(head?.Size ?? 0, last?.Edge ?? []);
        var pending = new List<byte[]>();
        await foreach (var (position, hash) in _tables.LeavesAsync(tree.Size, cancellationToken))
        {
            if (position != tree.Size + 1)
            {
                throw new ProofBrokenException($"The leaf of position {tree.Size + 1} is gone from eml_leaf.");
            }

            tree.Append(hash);
            pending.Add(hash);
        }

        return new Recovered(tree, pending, head, last?.Edge ?? [], await WaitingSinceAsync(head?.Size ?? 0, tree.Size, cancellationToken));
    }

    private async Task<DateTimeOffset?> WaitingSinceAsync(long after, long to, CancellationToken cancellationToken)
    {
        await using var read = ledger.DataSource.CreateCommand($"""
            select {ledger.Schema}.eml_micros(min(p.at)) from {ledger.Schema}.eml_position p join {ledger.Schema}.mt_events e on e.seq_id = p.seq_id
            where p.position > $1 and p.position <= $2 and e.stream_id <> '{RowCheck.AnchorStream}'
            """);
        read.Parameters.AddWithValue(after);
        read.Parameters.AddWithValue(to);
        return await read.ExecuteScalarAsync(cancellationToken) is long micros ? Sealing.Instant(micros) : null;
    }

    private void RequireSigned(RootRow row)
    {
        var head = row.Root.SignedHead.Head;
        if (!trusted.Verify(row.Root.SignedHead))
        {
            throw new ProofBrokenException($"The root over {head.Size} events in eml_root is not signed by a key of this ledger.");
        }

        try
        {
            if (new CompactRange(head.Size, row.Edge).Root().AsSpan().SequenceEqual(head.Root))
            {
                return;
            }
        }
        catch (ArgumentException)
        {
            // Said below.
        }

        throw new ProofBrokenException($"The edge over {head.Size} events in eml_root does not give its root.");
    }

    private async Task RequireSameAsync(SignedHead signed, CancellationToken cancellationToken)
    {
        if (await ReadAsync(signed.Head.Size, cancellationToken) is not { } anchor || !anchor.SignedHead.IsSame(signed))
        {
            throw new ProofBrokenException($"The anchor over {signed.Head.Size} events and the root in eml_root are not the same.");
        }
    }

    // Its writer died, or the lake was away, between the root and the anchor.
    private async Task<bool> PublishAsync(RootRow row, RootRow? previous, CancellationToken cancellationToken)
    {
        var head = row.Root.SignedHead.Head;
        if (previous is null && head.PreviousSize > 0)
        {
            previous = await _tables.RootsAsync(head.PreviousSize - 1, 1, cancellationToken) is [var before] ? before : null;
        }

        var leaves = await _tables.LeavesAsync(head.PreviousSize, checked((int)Math.Min(head.Size - head.PreviousSize, int.MaxValue)), cancellationToken);
        var anchor = new Anchor(row.Root.SignedHead, previous?.Edge ?? [], [.. leaves.Select(l => l.Hash)]);
        return anchor.Tree() is not null
            ? await Sealing.PublishAsync(ledger, anchors, anchor, epoch, cancellationToken)
            : throw new ProofBrokenException($"The leaves in eml_leaf do not give the signed root over {head.Size} events.");
    }

    private async Task<Anchor?> ReadAsync(long size, CancellationToken cancellationToken)
    {
        try
        {
            return await anchors.ReadAsync(size, cancellationToken) is { } bytes ? Anchor.Parse(bytes) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
