using System.Data;
using System.Runtime.CompilerServices;
using Npgsql;

namespace EventMl.EventStore.Proof;

/// <summary>The record as one snapshot of the database shows it, with the anchors that belong to it.</summary>
public sealed class LedgerEvidence : IEvidence, IAsyncDisposable
{
    private const int Page = 2000;

    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;
    private readonly IAnchorStore _anchors;
    private readonly ProofTables _tables;
    private IReadOnlyList<long> _sizes = [];

    private LedgerEvidence(NpgsqlConnection connection, NpgsqlTransaction transaction, IAnchorStore anchors, string schema)
    {
        (_connection, _transaction, _anchors) = (connection, transaction, anchors);
        _tables = new ProofTables(schema, sql => new NpgsqlCommand(sql, connection, transaction));
    }

    /// <summary>Takes the snapshot; it is held until the end, however long the verification takes.</summary>
    public static async Task<LedgerEvidence> OpenAsync(Ledger ledger, IAnchorStore anchors, CancellationToken cancellationToken = default)
    {
        var before = await anchors.ListAsync(cancellationToken);
        var connection = await ledger.DataSource.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
            var evidence = new LedgerEvidence(connection, transaction, anchors, ledger.Schema);
            await LedgerSchema.ExecuteAsync(connection, "set transaction read only; set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0", cancellationToken);
            // An anchor is written after its root and before its root says so: one that appears while the snapshot is taken counts if the snapshot has its root.
            var sizes = new SortedSet<long>(before);
            var after = (await anchors.ListAsync(cancellationToken)).ToHashSet();
            await foreach (var root in evidence.RootsAsync(cancellationToken))
            {
                if (after.Contains(root.SignedHead.Head.Size))
                {
                    sizes.Add(root.SignedHead.Head.Size);
                }
            }

            evidence._sizes = [.. sizes];
            return evidence;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<EvidenceRow> RowsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IReadOnlyList<EvidenceRow> rows;
        var after = long.MinValue;
        do
        {
            rows = await _tables.RowsAsync(after, Page, cancellationToken);
            foreach (var row in rows)
            {
                yield return row;
                after = row.Position;
            }
        }
        while (rows.Count == Page);
    }

    /// <summary>The row of one position; null when there is none.</summary>
    internal async Task<EvidenceRow?> RowAsync(long position, CancellationToken cancellationToken) =>
        await _tables.RowsAsync(position - 1, 1, cancellationToken) is [var row] && row.Position == position ? row : null;

    /// <summary>The hashes of all leaves, in order.</summary>
    internal IAsyncEnumerable<(long Position, byte[] Hash)> LeavesAsync(CancellationToken cancellationToken) => _tables.LeavesAsync(0, cancellationToken);

    /// <inheritdoc />
    public async IAsyncEnumerable<StoredRoot> RootsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IReadOnlyList<RootRow> roots;
        var after = long.MinValue;
        do
        {
            roots = await _tables.RootsAsync(after, Page, cancellationToken);
            foreach (var row in roots)
            {
                yield return row.Root;
                after = row.Root.SignedHead.Head.Size;
            }
        }
        while (roots.Count == Page);
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<long>> AnchorsAsync(CancellationToken cancellationToken) => Task.FromResult(_sizes);

    /// <inheritdoc />
    public Task<byte[]?> AnchorAsync(long size, CancellationToken cancellationToken) => _anchors.ReadAsync(size, cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<string>> PendingMaskingsAsync(CancellationToken cancellationToken) => _tables.PendingMaskingsAsync(cancellationToken);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
