using EventMl.Arrow;
using EventMl.Lake.Storage;

namespace EventMl.Lake.Data;

/// <summary>Finds rows by their ids and copies them; a fragment is opened when the first of its rows is wanted.</summary>
internal sealed class RowLookup(LakeTable table, Manifest manifest, DatasetSchema wanted) : IDisposable
{
    private readonly Dictionary<int, FragmentReader> _readers = [];
    private readonly Dictionary<(int Fragment, int Batch), Column[]> _batches = [];
    private RowIds?[]? _ids;

    public async Task<RecordBatch> TakeAsync(IReadOnlyList<long> rowIds, string where, CancellationToken ct)
    {
        var columns = wanted.Arrow.Fields.Select(f => new RowCopier(f)).ToArray();
        var missing = new List<long>();
        foreach (var id in rowIds)
        {
            if (await FindAsync(id, ct) is not { } found)
            {
                missing.Add(id);
                continue;
            }

            for (var i = 0; i < columns.Length; i++)
                columns[i].Append(found.Columns[i], found.Row, 1);
        }

        return missing.Count == 0
            ? new RecordBatch(wanted.Arrow, [.. columns.Select(c => c.Build())])
            : throw new LakeException($"{where} has no rows {string.Join(", ", missing.Take(10))}{(missing.Count > 10 ? $", … ({missing.Count} in all)" : "")}; they were deleted, or never there.");
    }

    public void Dispose()
    {
        foreach (var reader in _readers.Values)
            reader.Dispose();
    }

    private async Task<(Column[] Columns, int Row)?> FindAsync(long id, CancellationToken ct)
    {
        _ids ??= new RowIds?[manifest.Fragments.Count];
        // Fragments ascend by their rows' ids: appends count on, and a compaction joins neighbours.
        var (low, high) = (-1, _ids.Length - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = manifest.Fragments[middle].RowIdBase <= id ? (middle, high) : (low, middle - 1);
        }

        if (low < 0)
            return null;
        _ids[low] ??= await RowIds.ReadAsync(table, manifest, manifest.Fragments[low], ct);
        if (_ids[low]!.OffsetOf(id) is not (>= 0 and var offset))
            return null;
        if (!_readers.TryGetValue(low, out var reader))
            _readers[low] = reader = await FragmentReader.OpenAsync(table, manifest, manifest.Fragments[low], wanted, ct);
        return reader.Deletions.Contains(offset) ? null : Place(low, reader, offset);
    }

    private (Column[] Columns, int Row) Place(int fragment, FragmentReader reader, long offset)
    {
        var batch = reader.BatchAt(offset);
        if (!_batches.TryGetValue((fragment, batch), out var columns))
            _batches[(fragment, batch)] = columns = reader.Columns(batch);
        return (columns, (int)(offset - reader.Start(batch)));
    }
}
