using EventMl.Arrow;
using EventMl.Contracts.Datasets;
using EventMl.Datasets.Importing;
using EventMl.Jobs.Scripts;
using EventMl.Lake;

namespace EventMl.Datasets.Changing;

/// <summary>Makes a change in the lake; asked again for the same change, it finds the version that was made.</summary>
internal sealed class LakeChanges(LakeStore lake, TaskCommands commands, SentArchives sent)
{
    private const int MaxFilteredRows = 2_000_000;
    private const int MaxTries = 5;
    private const long MaxArchiveBytes = 1L << 40;

    /// <summary>The version that was made; null with the reason when there was nothing to do.</summary>
    /// <exception cref="LakeException">It cannot be done; the message says why.</exception>
    public async Task<(LakeVersion? Version, string? Reason)> MakeAsync(DatasetChangeRequested asked, CancellationToken ct)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await TryAsync(asked, new LakeTransaction(asked.ChangeId, asked.Change.Operation, null), ct);
            }
            catch (LakeConflictException e) when (e.Outcome == LakeConflict.Retryable && tries < MaxTries)
            {
                // Somebody else was first; the work is done again from what is there now.
            }
        }
    }

    private async Task<(LakeVersion? Version, string? Reason)> TryAsync(DatasetChangeRequested asked, LakeTransaction txn, CancellationToken ct)
    {
        var (name, change) = (asked.Dataset, asked.Change);
        return change.Operation switch
        {
            DatasetOperations.Restore => (await lake.RestoreAsync(LakeKind.Dataset, name, change.Version!.Value, txn, ct), null),
            DatasetOperations.Clone => (await lake.CloneAsync(await GetAsync(change.Source!, change.Version, ct), name, txn, ct), null),
            DatasetOperations.DropColumns => (await lake.DropColumnsAsync(name, change.Columns!, txn, ct), null),
            DatasetOperations.Compact => await lake.CompactAsync(name, txn, null, ct) is { } compacted ? (compacted, null) : (null, "its files are neither small nor worn."),
            DatasetOperations.DeleteRows => await DeleteRowsAsync(name, change, txn, ct),
            DatasetOperations.Import => (await ImportAsync(name, change, txn, ct), null),
            _ => throw new LakeException($"This program knows no change '{change.Operation}'; use a newer version of it."),
        };
    }

    private async Task<LakeVersion> GetAsync(string name, long? version, CancellationToken ct) =>
        await lake.GetAsync(LakeKind.Dataset, name, version, ct) ?? throw new LakeException($"The lake has no {name}@{version}; it was collected, or its bytes were lost.");

    private async Task<(LakeVersion?, string?)> DeleteRowsAsync(string name, DatasetChange change, LakeTransaction txn, CancellationToken ct)
    {
        if (await lake.FindByTransactionAsync(LakeKind.Dataset, name, txn.Id, ct) is { } done)
        {
            return (done, null);
        }

        var latest = await GetAsync(name, null, ct);
        var ids = change.RowIds ?? await FilterAsync(latest, change.Where!, ct);
        return ids.Count == 0
            ? (null, $"no row of version {latest.Version} fulfils the condition.")
            : (await lake.DeleteRowsAsync(name, [.. ids.Distinct()], txn with { ReadVersion = latest.Version }, ct), null);
    }

    private static async Task<IReadOnlyList<long>> FilterAsync(LakeVersion version, RowCondition where, CancellationToken ct)
    {
        var test = RowFilter.For(version, where);
        var found = new List<long>();
        await foreach (var rows in LakeReader.StreamAsync(version, [where.Column!], ct))
        {
            Collect(rows, test, found);
            if (found.Count > MaxFilteredRows)
            {
                throw new LakeException($"More than {MaxFilteredRows} rows fulfil the condition; delete them in parts, or ingest what shall stay as a new version.");
            }
        }

        return found;
    }

    private static void Collect(LakeRows rows, Func<Column, int, bool> test, List<long> found)
    {
        var column = rows.Batch.Column(0);
        for (var row = 0; row < rows.Batch.Length; row++)
        {
            if (test(column, row))
            {
                found.Add(rows.RowIds[row]);
            }
        }
    }

    private async Task<LakeVersion> ImportAsync(string name, DatasetChange change, LakeTransaction txn, CancellationToken ct)
    {
        var path = change.Upload is { } id
            ? sent.Find(id) ?? throw new LakeException("The archive that was sent is gone; send it again.")
            : commands.ResolveInput(change.Input!);
        try
        {
            await using var archive = File.OpenRead(path);
            return await lake.ImportAsync(archive, name, txn, MaxArchiveBytes, ct);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LakeException($"The archive cannot be read: {e.Message}", e);
        }
    }
}
