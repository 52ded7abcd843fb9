using EventMl.Arrow;
using EventMl.Lake.Changes;
using EventMl.Lake.Data;
using EventMl.Lake.Storage;

namespace EventMl.Lake;

/// <content>Changes of datasets that write only what is new.</content>
public sealed partial class LakeStore
{
    /// <summary>Deletes rows by their ids; their bytes stay until a compaction and a collection.</summary>
    /// <exception cref="LakeException">The dataset or one of the rows does not exist.</exception>
    /// <exception cref="LakeConflictException">What was committed since <see cref="LakeTransaction.ReadVersion"/> does not go with it.</exception>
    public Task<LakeVersion> DeleteRowsAsync(string name, IReadOnlyCollection<long> rowIds, LakeTransaction txn, CancellationToken ct = default) =>
        ChangeAsync(name, txn, (table, _, writer) => rowIds.Count == 0
            ? throw new LakeException($"Name at least one row to delete from '{name}'.")
            : Task.FromResult<Change>(new DeleteChange(table, writer, [.. rowIds])), ct);

    /// <summary>
    /// Adds columns whose values are computed from others, batch by batch: one new file for each fragment, nothing rewritten. Rows that others
    /// append meanwhile have no value, so where that may happen the columns must allow nulls.
    /// </summary>
    /// <param name="name">The dataset.</param>
    /// <param name="columns">The new columns.</param>
    /// <param name="inputs">The columns that the computation needs; all when empty.</param>
    /// <param name="compute">From some rows to the new columns for the same rows.</param>
    /// <param name="txn">For whom.</param>
    /// <param name="ct">Stops the work.</param>
    /// <exception cref="LakeException">The dataset or an input does not exist, a name is taken, or a result does not fit.</exception>
    /// <exception cref="LakeConflictException">What was committed meanwhile does not go with it.</exception>
    public Task<LakeVersion> AddColumnsAsync(
        string name, ArrowSchema columns, IReadOnlyList<string> inputs, Func<LakeRows, RecordBatch> compute, LakeTransaction txn, CancellationToken ct = default) =>
        ChangeAsync(name, txn, async (table, read, writer) => await new ColumnAdder(table, read, writer).AddAsync(columns, inputs, compute, ct), ct);

    /// <summary>Drops columns; their bytes stay until a compaction and a collection.</summary>
    /// <exception cref="LakeException">The dataset or a column does not exist, or none would be left.</exception>
    /// <exception cref="LakeConflictException">What was committed since <see cref="LakeTransaction.ReadVersion"/> does not go with it.</exception>
    public Task<LakeVersion> DropColumnsAsync(string name, IReadOnlyList<string> columns, LakeTransaction txn, CancellationToken ct = default) =>
        ChangeAsync(name, txn, (table, read, _) =>
        {
            var unknown = columns.Where(c => read.Schema.All(f => f.Name != c)).ToList();
            return unknown.Count > 0 || columns.Count == 0
                ? throw new LakeException($"'{name}' version {read.Version} has no column {(columns.Count == 0 ? "without a name" : string.Join(", ", unknown))}; it has {string.Join(", ", read.Schema.Select(f => f.Name))}.")
                : Task.FromResult<Change>(new DropColumnsChange(columns));
        }, ct);

    /// <summary>Puts neighbouring small fragments, and those with many deleted rows or several files, together into larger ones; null when there is nothing to do.</summary>
    /// <exception cref="LakeException">The dataset does not exist, or a file is damaged.</exception>
    /// <exception cref="LakeConflictException">The same rows were changed meanwhile; compact again.</exception>
    public async Task<LakeVersion?> CompactAsync(string name, LakeTransaction txn, CompactionOptions? options = null, CancellationToken ct = default)
    {
        var latest = await GetAsync(LakeKind.Dataset, name, txn.ReadVersion, ct);
        if (latest is not null && await FindByTransactionAsync(LakeKind.Dataset, name, txn.Id, ct) is null && Compactor.Plan(Content(latest).Manifest, options ?? new()).Count == 0)
            return null;
        return await ChangeAsync(name, txn, async (table, read, writer) => await new Compactor(table, read, writer).CompactAsync(options ?? new(), ct), ct);
    }

    /// <summary>Makes the content of an earlier version the latest one, under a new number.</summary>
    /// <exception cref="LakeException">There is no such version.</exception>
    /// <exception cref="LakeConflictException">The transaction names the version it read, and something was committed since.</exception>
    public async Task<LakeVersion> RestoreAsync(LakeKind kind, string name, long version, LakeTransaction txn, CancellationToken ct = default)
    {
        var table = Table(kind, name, txn);
        if (await table.Notes.FindAsync(txn.Id, ct) is { } done)
            return table.ToVersion(done);
        await using var writing = await AnnounceAsync(table, ct);
        await using var held = await HoldAsync(table, version, ct);
        var restored = await ReadAsync(table, version, ct);
        var start = await ReadAsync(table, txn.ReadVersion, ct);
        return await Committer(table, writing).CommitAsync(new RestoreChange(restored, txn), txn, start, isBlind: txn.ReadVersion is null, ct);
    }

    /// <summary>
    /// Makes a version the first one of a new dataset or model without copying its files. Each goes its own way from then on, row ids stay the
    /// same in both, and collection keeps what the clone needs of the source.
    /// </summary>
    /// <exception cref="LakeException">The new name is taken, or the version is gone.</exception>
    public async Task<LakeVersion> CloneAsync(LakeVersion source, string name, LakeTransaction txn, CancellationToken ct = default)
    {
        var table = Table(source.Kind, name, txn);
        if (await table.Notes.FindAsync(txn.Id, ct) is { } done)
            return table.ToVersion(done);
        var from = Table(source.Kind, source.Name);
        await using var reading = await AnnounceAsync(from, ct);
        await using var held = await HoldAsync(from, source.Version, ct);
        await using var writing = await AnnounceAsync(table, ct);
        var manifest = await ReadAsync(from, source.Version, ct);
        return await Committer(table, writing).CommitAsync(new CloneChange(manifest, from.Folder), txn, null, isBlind: true, ct);
    }

    private async Task<LakeVersion> ChangeAsync(string name, LakeTransaction txn, Func<LakeTable, Manifest, TableWriter, Task<Change>> prepare, CancellationToken ct)
    {
        var table = Table(LakeKind.Dataset, name, txn);
        if (await table.Notes.FindAsync(txn.Id, ct) is { } done)
            return table.ToVersion(done);
        if (await table.LatestVersionAsync(ct) is null)
            throw new LakeException($"There is no dataset '{name}' in the lake.");
        await using var writing = await AnnounceAsync(table, ct);
        Reached(CommitStep.Started);
        var read = await ReadAsync(table, txn.ReadVersion, ct);
        using var writer = new TableWriter(table, Path.Combine(_root, WorkFolder, Path.GetRandomFileName()));
        var change = await prepare(table, read, writer);
        Reached(CommitStep.DataStored);
        return await Committer(table, writing).CommitAsync(change, txn, read, isBlind: false, ct);
    }
}

/// <summary>What is worth compacting.</summary>
public sealed record CompactionOptions
{
    /// <summary>Fragments with fewer rows are put together with their neighbours, up to this many.</summary>
    public long TargetRows { get; init; } = 1 << 20;

    /// <summary>Fragments of which more than this share (0 to 1) is deleted are rewritten.</summary>
    public double DeletedShare { get; init; } = 0.1;

    /// <summary>Fragments with more data files than this are rewritten, so that added columns lie beside the others.</summary>
    public int MaxFiles { get; init; } = 8;
}
