using EventMl.Arrow;
using EventMl.Lake.Storage;

namespace EventMl.Lake.Data;

/// <summary>The stable ids of a fragment's rows, ascending: counted on from one, or after a compaction as ranges in a file.</summary>
internal sealed class RowIds
{
    private static readonly ArrowSchema s_schema = new(
        [new ArrowField("start", ArrowType.Of(ArrowKind.Int64), nullable: false), new ArrowField("count", ArrowType.Of(ArrowKind.Int64), nullable: false)]);

    private readonly long[] _starts;
    private readonly long[] _offsets;

    public RowIds(IReadOnlyList<(long Start, long Count)> ranges)
    {
        _starts = [.. ranges.Select(r => r.Start)];
        _offsets = new long[ranges.Count + 1];
        for (var i = 0; i < ranges.Count; i++)
            _offsets[i + 1] = _offsets[i] + ranges[i].Count;
    }

    public long Count => _offsets[^1];

    public IEnumerable<(long Start, long Count)> Ranges => _starts.Select((start, i) => (start, _offsets[i + 1] - _offsets[i]));

    public static async Task<RowIds> ReadAsync(LakeTable table, Manifest manifest, ManifestFragment fragment, CancellationToken ct)
    {
        if (fragment.RowIds is not { } file)
            return new RowIds([(fragment.RowIdBase, fragment.PhysicalRows)]);
        using var arrow = await SideFile.OpenAsync(table, manifest, file, ct);
        var ranges = new List<(long, long)>();
        foreach (var batch in arrow.Batches())
        {
            var starts = batch.Column("start").Values<long>();
            var counts = batch.Column("count").Values<long>();
            for (var i = 0; i < batch.Length; i++)
                ranges.Add((starts[i], counts[i]));
        }

        var ids = new RowIds(ranges);
        return ids.Count == fragment.PhysicalRows
            ? ids
            : throw new LakeException($"{file.Path} of {table.Folder} has {ids.Count} row ids for {fragment.PhysicalRows} rows; restore it from a backup.");
    }

    /// <summary>The file of the ranges; none is needed where there is one range.</summary>
    public async Task<ManifestFile?> WriteAsync(TableWriter writer, CancellationToken ct)
    {
        if (_starts.Length <= 1)
            return null;
        var batch = new RecordBatchBuilder(s_schema);
        foreach (var (start, count) in Ranges)
        {
            batch.Column<PrimitiveBuilder<long>>("start").Append(start);
            batch.Column<PrimitiveBuilder<long>>("count").Append(count);
        }

        return await writer.WriteAsync("_rowids", s_schema, [batch.Build()], ct);
    }

    public long At(long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(offset, Count);
        var i = Array.BinarySearch(_offsets, offset);
        i = i < 0 ? ~i - 1 : i;
        return _starts[i] + offset - _offsets[i];
    }

    /// <summary>Where a row is in the fragment, or -1.</summary>
    public long OffsetOf(long id)
    {
        var i = Array.BinarySearch(_starts, id);
        i = i < 0 ? ~i - 1 : i;
        return i >= 0 && id - _starts[i] < _offsets[i + 1] - _offsets[i] ? _offsets[i] + id - _starts[i] : -1;
    }

    /// <summary>Puts ids into ranges; they must ascend.</summary>
    public static void Add(List<(long Start, long Count)> ranges, long start, long count)
    {
        if (count == 0)
            return;
        if (ranges.Count > 0 && ranges[^1].Start + ranges[^1].Count == start)
            ranges[^1] = (ranges[^1].Start, ranges[^1].Count + count);
        else
            ranges.Add((start, count));
    }
}
