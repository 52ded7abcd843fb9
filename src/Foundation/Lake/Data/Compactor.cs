using EventMl.Arrow;
using EventMl.Lake.Changes;
using EventMl.Lake.Storage;

namespace EventMl.Lake.Data;

/// <summary>Writes the rows of neighbouring fragments into one file each, without what was deleted or dropped.</summary>
internal sealed class Compactor(LakeTable table, Manifest read, TableWriter writer)
{
    /// <summary>Which fragments are to be put together; each group lies side by side.</summary>
    public static List<List<ManifestFragment>> Plan(Manifest manifest, CompactionOptions options)
    {
        var groups = new List<List<ManifestFragment>>();
        List<ManifestFragment> open = [];
        foreach (var fragment in manifest.Fragments)
        {
            if (open.Sum(f => f.LiveRows()) + fragment.LiveRows() > options.TargetRows || (fragment.LiveRows() >= options.TargetRows && !IsWorn(fragment, options)))
                Close();
            if (fragment.LiveRows() < options.TargetRows || IsWorn(fragment, options))
                open.Add(fragment);
        }

        Close();
        return groups;

        void Close()
        {
            if (open.Count > 1 || (open.Count == 1 && IsWorn(open[0], options)))
                groups.Add(open);
            open = [];
        }
    }

    public async Task<CompactChange> CompactAsync(CompactionOptions options, CancellationToken ct)
    {
        var schema = await DatasetSchema.ReadAsync(table, read, ct);
        var done = new List<CompactedGroup>();
        foreach (var group in Plan(read, options))
            done.Add(new CompactedGroup([.. group.Select(f => f.Id)], await CompactAsync(group, schema, ct)));
        return new CompactChange(done);
    }

    private static bool IsWorn(ManifestFragment fragment, CompactionOptions options) =>
        fragment.Deletion?.Count > fragment.PhysicalRows * options.DeletedShare || fragment.Files.Count > options.MaxFiles;

    private async Task<ManifestFragment> CompactAsync(List<ManifestFragment> group, DatasetSchema schema, CancellationToken ct)
    {
        var ranges = new List<(long Start, long Count)>();
        var path = writer.NewFile();
        using (var file = TableWriter.Create(path, schema.Arrow))
        {
            var rows = new RowGatherer(schema.Arrow);
            foreach (var fragment in group)
            {
                using var reader = await FragmentReader.OpenAsync(table, read, fragment, schema, ct);
                for (var i = 0; i < reader.BatchCount; i++)
                {
                    ct.ThrowIfCancellationRequested();
                    if (reader.Live(i) is not { } batch)
                        continue;
                    foreach (var full in rows.Add(batch))
                        file.Write(full);
                }

                foreach (var (start, count) in reader.Deletions.LiveIds(reader.Ids))
                    RowIds.Add(ranges, start, count);
            }

            if (rows.Rest() is { } rest)
                file.Write(rest);
            file.Finish();
        }

        var data = await writer.StoreAsync("data", path, ct);
        var ids = new RowIds(ranges);
        return new ManifestFragment(
            Id: -1, ids.Count, ranges.Count == 0 ? group[0].RowIdBase : ranges[0].Start,
            [new ManifestDataFile(data.Path, schema.FieldIds, [.. Enumerable.Range(0, schema.FieldIds.Count)], data.Bytes, data.Sha256)],
            CreatedAtVersion: 0, await ids.WriteAsync(writer, ct));
    }
}
