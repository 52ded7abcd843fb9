using EventMl.Lake.Data;
using EventMl.Lake.Storage;

namespace EventMl.Lake.Changes;

/// <summary>Rows to delete by their ids, wherever they lie by now.</summary>
internal sealed class DeleteChange(LakeTable table, TableWriter writer, IReadOnlyList<long> rowIds) : Change
{
    private readonly List<int> _touched = [];
    private long _bytes;

    public override ManifestChange Describe() => new(ChangeKind.Delete, [.. _touched], Bytes: _bytes);

    public override async Task<Manifest> ApplyAsync(Manifest draft, Manifest? latest, IReadOnlyList<Manifest> meanwhile, CancellationToken ct)
    {
        _touched.Clear();
        _bytes = 0;
        var missing = new SortedSet<long>(rowIds);
        var fragments = new List<ManifestFragment>();
        foreach (var fragment in latest!.Fragments)
        {
            var (offsets, deletions) = await LocateAsync(latest, fragment, missing, ct);
            if (offsets.Count == 0)
            {
                fragments.Add(fragment);
                continue;
            }

            _touched.Add(fragment.Id);
            var all = deletions.With(offsets);
            if (all.Offsets.Length == fragment.PhysicalRows)
                continue;
            var deletion = await all.WriteAsync(writer, ct);
            fragments.Add(fragment with { Deletion = deletion });
            _bytes += deletion.Bytes;
        }

        if (missing.Count > 0)
        {
            var shown = string.Join(", ", missing.Take(10)) + (missing.Count > 10 ? $", … ({missing.Count} in all)" : "");
            throw meanwhile.Count > 0
                ? Conflicts.Lost(LakeConflict.Retryable, latest.Name, latest.Version, $"rows {shown} are gone")
                : new LakeException($"Version {latest.Version} of '{latest.Name}' has no rows {shown}; take the row ids from that version.");
        }

        // Where no row is left no file tells the columns of a version of format 1 any more.
        var columns = draft.ArrowSchema ?? (fragments.Count > 0 ? null : DatasetSchema.Encode((await DatasetSchema.ReadAsync(table, latest, ct)).Arrow));
        return Counted(draft with { Fragments = fragments, ArrowSchema = columns });
    }

    private async Task<(List<int> Offsets, Deletions Deletions)> LocateAsync(Manifest latest, ManifestFragment fragment, SortedSet<long> missing, CancellationToken ct)
    {
        // Most fragments have none of the rows; their files are not opened.
        if (fragment.PhysicalRows == 0 || (fragment.RowIds is null && missing.GetViewBetween(fragment.RowIdBase, fragment.RowIdBase + fragment.PhysicalRows - 1).Count == 0))
            return ([], Deletions.None);
        if (fragment.PhysicalRows > int.MaxValue)
            throw new LakeException($"Fragment {fragment.Id} of '{latest.Name}' has {fragment.PhysicalRows} rows, too many to delete single ones; write the dataset in files of at most {int.MaxValue} rows.");
        var ids = await RowIds.ReadAsync(table, latest, fragment, ct);
        var candidates = missing.GetViewBetween(ids.At(0), ids.At(ids.Count - 1)).ToList();
        var deletions = candidates.Count == 0 ? Deletions.None : await Deletions.ReadAsync(table, latest, fragment, ct);
        var offsets = new List<int>();
        foreach (var id in candidates)
        {
            if (ids.OffsetOf(id) is var offset and >= 0 && !deletions.Contains(offset))
            {
                offsets.Add((int)offset);
                missing.Remove(id);
            }
        }

        return (offsets, deletions);
    }
}
