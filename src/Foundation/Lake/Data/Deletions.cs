using EventMl.Arrow;
using EventMl.Lake.Storage;

namespace EventMl.Lake.Data;

/// <summary>The offsets of a fragment's deleted rows, ascending.</summary>
internal sealed class Deletions(int[] offsets)
{
    private static readonly ArrowSchema s_schema = new([new ArrowField("offset", ArrowType.Of(ArrowKind.Int32), nullable: false)]);

    public static Deletions None { get; } = new([]);

    public ReadOnlySpan<int> Offsets => offsets;

    public static async Task<Deletions> ReadAsync(LakeTable table, Manifest manifest, ManifestFragment fragment, CancellationToken ct)
    {
        if (fragment.Deletion is not { } file)
            return None;
        using var arrow = await SideFile.OpenAsync(table, manifest, file, ct);
        var found = new List<int>((int)file.Count);
        foreach (var batch in arrow.Batches())
            found.AddRange(batch.Column("offset").Values<int>());
        for (var i = 0; i < found.Count; i++)
        {
            if (found[i] < 0 || found[i] >= fragment.PhysicalRows || (i > 0 && found[i] <= found[i - 1]))
                throw new LakeException($"{file.Path} of {table.Folder} does not ascend within {fragment.PhysicalRows} rows; restore it from a backup.");
        }

        return found.Count == file.Count
            ? new Deletions([.. found])
            : throw new LakeException($"{file.Path} of {table.Folder} has {found.Count} deleted rows; the manifest says {file.Count}. Restore it from a backup.");
    }

    public async Task<ManifestDeletion> WriteAsync(TableWriter writer, CancellationToken ct)
    {
        var batch = new RecordBatchBuilder(s_schema);
        batch.Column<PrimitiveBuilder<int>>("offset").Append(offsets);
        var file = await writer.WriteAsync("_deletions", s_schema, [batch.Build()], ct);
        return new ManifestDeletion(file.Path, offsets.Length, file.Bytes, file.Sha256);
    }

    public bool Contains(long offset) => Array.BinarySearch(offsets, (int)offset) >= 0;

    public Deletions With(IEnumerable<int> more)
    {
        int[] all = [.. offsets.Concat(more).Distinct()];
        Array.Sort(all);
        return new Deletions(all);
    }

    /// <summary>The runs of rows from <paramref name="start"/> on, relative to it, that are not deleted.</summary>
    public IEnumerable<(int Start, int Count)> Live(long start, int length)
    {
        var at = 0;
        var next = Array.BinarySearch(offsets, (int)start);
        for (var i = next < 0 ? ~next : next; i < offsets.Length && offsets[i] < start + length; i++)
        {
            var gone = (int)(offsets[i] - start);
            if (gone > at)
                yield return (at, gone - at);
            at = gone + 1;
        }

        if (at < length)
            yield return (at, length - at);
    }

    /// <summary>The ids of the rows that are left.</summary>
    public IEnumerable<(long Start, long Count)> LiveIds(RowIds ids)
    {
        var next = 0;
        long offset = 0;
        foreach (var (start, count) in ids.Ranges)
        {
            long at = 0;
            for (; next < offsets.Length && offsets[next] < offset + count; next++)
            {
                var gone = offsets[next] - offset;
                if (gone > at)
                    yield return (start + at, gone - at);
                at = gone + 1;
            }

            if (at < count)
                yield return (start + at, count - at);
            offset += count;
        }
    }
}

/// <summary>Small Arrow files beside the data.</summary>
internal static class SideFile
{
    public static async Task<ArrowFile> OpenAsync(LakeTable table, Manifest manifest, ManifestFile file, CancellationToken ct)
    {
        var path = manifest.PathOf(table.Folder, file);
        try
        {
            var arrow = ArrowFile.Open(await table.Local.GetAsync(path, file.Bytes, null, ct));
            return arrow;
        }
        catch (Exception e) when (e is IOException or ArrowFormatException)
        {
            throw new LakeException($"{path} cannot be read: {e.Message} Restore it from a backup.", e);
        }
    }
}
