using EventMl.Contracts.Audit;
using Npgsql;
using NpgsqlTypes;

namespace EventMl.EventStore.Proof;

/// <summary>What a step came to.</summary>
internal enum SealStep
{
    /// <summary>There is nothing more to do now.</summary>
    Idle,

    /// <summary>There may be more to do at once.</summary>
    Worked,

    /// <summary>Another process leads; nothing was written.</summary>
    Refused,
}

/// <summary>Writes leaves and anchors under one epoch of the notary's lease; each step costs what it appends, however long the ledger is.</summary>
internal sealed class Sealing
{
    private readonly Ledger _ledger;
    private readonly NotaryOptions _options;
    private readonly IAnchorStore _anchors;
    private readonly LedgerKey _key;
    private readonly long _epoch;
    private readonly int _batch;
    private readonly ProofTables _tables;
    private readonly CompactRange _tree;
    private readonly List<byte[]> _pending;
    private TreeHead? _last;
    private IReadOnlyList<byte[]> _lastEdge;
    // The notary's own events make no anchor due, or each anchor would ask for the next.
    private DateTimeOffset? _waitingSince;

    internal Sealing(Ledger ledger, NotaryOptions options, IAnchorStore anchors, LedgerKey key, long epoch, int batch, Recovered recovered)
    {
        (_ledger, _options, _anchors, _key, _epoch, _batch) = (ledger, options, anchors, key, epoch, batch);
        _tables = new ProofTables(ledger.Schema, ledger.DataSource);
        (_tree, _pending, _last, _lastEdge, _waitingSince) = (recovered.Tree, recovered.Pending, recovered.Last, recovered.LastEdge, recovered.WaitingSince);
    }

    /// <summary>Seals a batch of events, or anchors when that is due.</summary>
    /// <exception cref="ProofBrokenException">The record is not the one that was sealed before.</exception>
    public async Task<SealStep> StepAsync(CancellationToken cancellationToken)
    {
        if (_waitingSince is { } since && (_pending.Count >= _options.EventsPerAnchor || _ledger.Now - since >= _options.AnchorInterval))
        {
            return await AnchorAsync(cancellationToken) ? SealStep.Worked : SealStep.Refused;
        }

        var events = await _tables.EventsAsync(_tree.Size, _batch, cancellationToken);
        if (events.Count == 0)
        {
            return SealStep.Idle;
        }

        return !await SealAsync(events, cancellationToken) ? SealStep.Refused : events.Count == _batch ? SealStep.Worked : SealStep.Idle;
    }

    /// <summary>Anchors what was sealed; false when another leads.</summary>
    public async Task<bool> AnchorAsync(CancellationToken cancellationToken)
    {
        var head = new TreeHead(_tree.Size, _tree.Root(), _ledger.Now, _last?.Size ?? 0, _last?.Root ?? MerkleHash.Empty);
        var anchor = new Anchor(_key.Sign(head), _lastEdge, [.. _pending]);
        // The row goes first: it is fenced, and whoever leads next can write the very same file from it.
        if (!await InsertRootAsync(anchor.SignedHead, cancellationToken))
        {
            return false;
        }

        (_last, _lastEdge, _waitingSince) = (head, [.. _tree.Edge], null);
        _pending.Clear();
        return await PublishAsync(_ledger, _anchors, anchor, _epoch, cancellationToken);
    }

    /// <summary>Puts a root's anchor outside the database and tells of it; false when another leads.</summary>
    public static async Task<bool> PublishAsync(Ledger ledger, IAnchorStore anchors, Anchor anchor, long epoch, CancellationToken cancellationToken)
    {
        var head = anchor.Head;
        await anchors.WriteAsync(head.Size, anchor.ToBytes(), cancellationToken);
        return await ledger.InTransactionAsync(async transaction =>
        {
            if (!await IsNotaryAsync(transaction, epoch, cancellationToken))
            {
                return false;
            }

            await using var mark = transaction.Command($"update {ledger.Schema}.eml_root set anchored = true where size = $1 and not anchored", Big(head.Size));
            if (await mark.ExecuteNonQueryAsync(cancellationToken) == 1)
            {
                var told = new LedgerAnchored(
                    head.Size, Convert.ToHexStringLower(head.Root), head.PreviousSize, Convert.ToHexStringLower(head.PreviousRoot),
                    anchor.SignedHead.KeyId, Convert.ToBase64String(anchor.SignedHead.Signature), head.Text, head.At);
                await AppendAsync(transaction, RowCheck.AnchorStream, told, new EventMetadata("worker:notary", "worker", $"anchor-{head.Size}", $"anchor-{head.Size}", null), cancellationToken);
            }

            return true;
        }, cancellationToken);
    }

    /// <summary>Appends to a stream of the proof's own, whatever its version is.</summary>
    public static async Task AppendAsync(LedgerTransaction transaction, string stream, object @event, EventMetadata metadata, CancellationToken cancellationToken)
    {
        await using var locked = transaction.Command($"select version from {transaction.Schema}.mt_streams where id = $1 for update", new NpgsqlParameter { Value = stream });
        var version = await locked.ExecuteScalarAsync(cancellationToken) is long v ? v : 0;
        await transaction.AppendAsync(stream, "ledger", version, [@event], metadata, cancellationToken);
    }

    private async Task<bool> SealAsync(IReadOnlyList<PlacedEvent> events, CancellationToken cancellationToken)
    {
        var first = _tree.Size + 1;
        var leaves = new StoredLeaf[events.Count];
        for (var i = 0; i < leaves.Length; i++)
        {
            var e = events[i];
            if (e.Facts.Position != first + i)
            {
                throw new ProofBrokenException($"The event at position {first + i} is gone before it was sealed.");
            }

            byte[] salt = Commitment.NewSalt(), headersSalt = Commitment.NewSalt();
            var data = Commitment.Of(salt, e.Data);
            var headers = e.Headers is null ? null : Commitment.Of(headersSalt, e.Headers);
            leaves[i] = new StoredLeaf(EventLeaf.Hash(e.Facts, data, headers), data, salt, headers, headers is null ? null : headersSalt, null);
        }

        if (!await InsertLeavesAsync(first, leaves, cancellationToken))
        {
            return false;
        }

        for (var i = 0; i < leaves.Length; i++)
        {
            _tree.Append(leaves[i].Hash);
            _pending.Add(leaves[i].Hash);
            if (events[i].Facts.Stream != RowCheck.AnchorStream)
            {
                _waitingSince ??= Instant(events[i].Facts.LedgerTime);
            }
        }

        return true;
    }

    private async Task<bool> InsertLeavesAsync(long first, StoredLeaf[] leaves, CancellationToken cancellationToken)
    {
        await using var insert = _ledger.DataSource.CreateCommand($"select {_ledger.Schema}.eml_note_leaves($1, $2, $3, $4, $5, $6, $7)");
        insert.Parameters.AddRange((NpgsqlParameter[])[
            Big(_epoch), Big(first), Array(leaves.Select(l => l.Hash)), Array(leaves.Select(l => l.DataCommitment)), Array(leaves.Select(l => l.DataSalt)),
            Array(leaves.Select(l => l.HeadersCommitment)), Array(leaves.Select(l => l.HeadersSalt))]);
        return (bool)(await insert.ExecuteScalarAsync(cancellationToken))!;
    }

    private async Task<bool> InsertRootAsync(SignedHead signed, CancellationToken cancellationToken)
    {
        var head = signed.Head;
        // The epoch is checked in the statement that writes.
        await using var insert = _ledger.DataSource.CreateCommand($"""
            insert into {_ledger.Schema}.eml_root (size, root, at, previous_size, previous_root, key_id, signature, edge)
            select $2, $3, $4, $5, $6, $7, $8, $9 where {_ledger.Schema}.eml_is_notary($1)
            """);
        insert.Parameters.AddRange((NpgsqlParameter[])[
            Big(_epoch), Big(head.Size), Bytes(head.Root), new NpgsqlParameter { Value = head.At }, Big(head.PreviousSize), Bytes(head.PreviousRoot),
            new NpgsqlParameter { Value = signed.KeyId }, Bytes(signed.Signature), Array(_tree.Edge)]);
        return await insert.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    private static async Task<bool> IsNotaryAsync(LedgerTransaction transaction, long epoch, CancellationToken cancellationToken)
    {
        await using var check = transaction.Command($"select {transaction.Schema}.eml_is_notary($1)", Big(epoch));
        return (bool)(await check.ExecuteScalarAsync(cancellationToken))!;
    }

    internal static DateTimeOffset Instant(long micros) => DateTimeOffset.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond);

    private static NpgsqlParameter Big(long value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Bigint };

    private static NpgsqlParameter Bytes(byte[] value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Bytea };

    private static NpgsqlParameter Array(IEnumerable<byte[]?> values) => new() { Value = values.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea };
}
