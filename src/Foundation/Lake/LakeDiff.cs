using EventMl.Lake.Data;
using EventMl.Lake.Storage;

namespace EventMl.Lake;

/// <summary>What one version has that another has not.</summary>
public sealed record LakeDiff
{
    /// <summary>Rows that only the later version has.</summary>
    public required long RowsAdded { get; init; }

    /// <summary>Rows that only the earlier version has.</summary>
    public required long RowsRemoved { get; init; }

    /// <summary>The ids of <see cref="RowsAdded"/> as ranges of first id and count, ascending.</summary>
    public required IReadOnlyList<(long Start, long Count)> AddedIds { get; init; }

    /// <summary>The ids of <see cref="RowsRemoved"/> as ranges of first id and count, ascending.</summary>
    public required IReadOnlyList<(long Start, long Count)> RemovedIds { get; init; }

    /// <summary>Columns that only the later version has; one that was replaced counts as dropped and added.</summary>
    public required IReadOnlyList<string> ColumnsAdded { get; init; }

    /// <summary>Columns that only the earlier version has.</summary>
    public required IReadOnlyList<string> ColumnsDropped { get; init; }

    /// <summary>Files of a model's tree that only the later version has, or with other bytes; empty for datasets.</summary>
    public required IReadOnlyList<string> FilesAdded { get; init; }

    /// <summary>Files of a model's tree that only the earlier version has, or with other bytes; empty for datasets.</summary>
    public required IReadOnlyList<string> FilesRemoved { get; init; }

    /// <summary>Bytes of the files that only the later version needs.</summary>
    public required long BytesAdded { get; init; }

    /// <summary>Bytes of the files that only the earlier version needs.</summary>
    public required long BytesRemoved { get; init; }

    /// <summary>Compares two versions of one dataset or model, or of one and its clone; only row ids are read, no values.</summary>
    /// <exception cref="LakeException">They are of different kinds, or a file is missing or damaged.</exception>
    public static async Task<LakeDiff> BetweenAsync(LakeVersion from, LakeVersion to, CancellationToken ct = default)
    {
        if (from.Kind != to.Kind)
            throw new LakeException($"{from.Uri} and {to.Uri} cannot be compared: one is a dataset, the other a model.");
        var ((fromTable, fromManifest), (toTable, toManifest)) = (LakeStore.Content(from), LakeStore.Content(to));
        var fromFiles = fromManifest.Files(fromTable.Folder).DistinctBy(f => f.Path).ToDictionary(f => f.Path, f => f.File.Bytes, StringComparer.Ordinal);
        var toFiles = toManifest.Files(toTable.Folder).DistinctBy(f => f.Path).ToDictionary(f => f.Path, f => f.File.Bytes, StringComparer.Ordinal);
        // Fragments with the same rows on both sides need not be looked into.
        var same = fromManifest.Fragments.Select(f => Rows(fromTable, fromManifest, f)).ToHashSet(StringComparer.Ordinal);
        same.IntersectWith(toManifest.Fragments.Select(f => Rows(toTable, toManifest, f)));
        var before = await IdsAsync(fromTable, fromManifest, same, ct);
        var after = await IdsAsync(toTable, toManifest, same, ct);
        var (removed, added) = (Minus(before, after), Minus(after, before));
        return new LakeDiff
        {
            RowsAdded = added.Sum(r => r.Count),
            RowsRemoved = removed.Sum(r => r.Count),
            AddedIds = added,
            RemovedIds = removed,
            ColumnsAdded = [.. toManifest.Schema.Where(f => fromManifest.Schema.All(o => o.Id != f.Id)).Select(f => f.Name)],
            ColumnsDropped = [.. fromManifest.Schema.Where(f => toManifest.Schema.All(o => o.Id != f.Id)).Select(f => f.Name)],
            FilesAdded = [.. Tree(toManifest).Except(Tree(fromManifest)).Select(f => f.Path)],
            FilesRemoved = [.. Tree(fromManifest).Except(Tree(toManifest)).Select(f => f.Path)],
            BytesAdded = toFiles.Where(f => !fromFiles.ContainsKey(f.Key)).Sum(f => f.Value),
            BytesRemoved = fromFiles.Where(f => !toFiles.ContainsKey(f.Key)).Sum(f => f.Value),
        };
    }

    private static IReadOnlyList<ManifestArtifact> Tree(Manifest manifest) => manifest.Tree?.Files ?? [];

    // Row ids alone say which rows there are: where the base, the count and the two side files are the same, so are they.
    private static string Rows(LakeTable table, Manifest manifest, ManifestFragment fragment)
    {
        string PathOf(ManifestFile? file) => file is null ? "" : manifest.PathOf(table.Folder, file);
        return $"{fragment.RowIdBase}|{fragment.PhysicalRows}|{PathOf(fragment.RowIds)}|{PathOf(fragment.Deletion)}";
    }

    private static async Task<List<(long Start, long Count)>> IdsAsync(LakeTable table, Manifest manifest, HashSet<string> same, CancellationToken ct)
    {
        var ranges = new List<(long, long)>();
        foreach (var fragment in manifest.Fragments.Where(f => !same.Contains(Rows(table, manifest, f))))
        {
            var deletions = await Deletions.ReadAsync(table, manifest, fragment, ct);
            foreach (var (start, count) in deletions.LiveIds(await RowIds.ReadAsync(table, manifest, fragment, ct)))
                RowIds.Add(ranges, start, count);
        }

        ranges.Sort();
        return ranges;
    }

    private static List<(long Start, long Count)> Minus(List<(long Start, long Count)> these, List<(long Start, long Count)> those)
    {
        var left = new List<(long, long)>();
        var next = 0;
        foreach (var (start, count) in these)
        {
            var (at, end) = (start, start + count);
            while (next < those.Count && those[next].Start + those[next].Count <= at)
                next++;
            for (var i = next; i < those.Count && those[i].Start < end; i++)
            {
                RowIds.Add(left, at, Math.Max(0, those[i].Start - at));
                at = Math.Max(at, those[i].Start + those[i].Count);
            }

            RowIds.Add(left, at, Math.Max(0, end - at));
        }

        return left;
    }
}
