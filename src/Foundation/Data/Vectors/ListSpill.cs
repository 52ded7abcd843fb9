using EventMl.Arrow;

namespace EventMl.Data.Vectors;

/// <summary>
/// Rows on their way to their lists. They come in any order and are wanted list by list, so they go to files of some lists each, beside the index,
/// and come back from their mapping.
/// </summary>
internal sealed class ListSpill : IDisposable
{
    private const long GroupBytes = 512L << 20;
    private const int BatchBytes = 1 << 20;
    private const int MaxGroups = 64;

    private readonly string _path;
    private readonly int _lists;
    private readonly int _dimensions;
    private readonly int _batchRows;
    private readonly (RecordBatchBuilder Builder, ArrowFileWriter Writer)[] _groups;

    public ListSpill(string path, int lists, int dimensions, long rows)
    {
        (_path, _lists, _dimensions) = (path, lists, dimensions);
        var rowBytes = VectorIndexWriter.RowBytes(dimensions);
        _batchRows = Math.Max(1, BatchBytes / rowBytes);
        _groups = new (RecordBatchBuilder, ArrowFileWriter)[(int)Math.Clamp(rows * rowBytes / GroupBytes, 1, Math.Min(MaxGroups, Math.Max(1, lists)))];
        for (var group = 0; group < _groups.Length; group++)
        {
            // A build that was killed may have left one.
            File.Delete(PathOf(group));
            var schema = VectorIndexInfo.SchemaOf(dimensions);
            _groups[group] = (new RecordBatchBuilder(schema), ArrowFileWriter.Create(PathOf(group), schema));
        }
    }

    public int Groups => _groups.Length;

    public void Add(int list, long rowId, ReadOnlySpan<float> vector)
    {
        var (builder, writer) = _groups[GroupOf(list)];
        VectorIndexWriter.Append(builder, list, rowId, vector);
        if (builder.Length == _batchRows)
            writer.Write(builder.Build());
    }

    /// <summary>The rows of a group, its lists in order, the rows of each in the order they came; nothing can be added afterwards.</summary>
    public IEnumerable<SpilledRow> Read(int group)
    {
        var (builder, writer) = _groups[group];
        if (builder.Length > 0)
            writer.Write(builder.Build());
        writer.Finish();
        writer.Dispose();
        using var file = ArrowFile.Open(PathOf(group));
        var batches = file.Batches().ToArray();
        foreach (var (batch, row) in Order(batches))
            yield return new SpilledRow(batches[batch], row, _dimensions);
    }

    public void Dispose()
    {
        for (var group = 0; group < _groups.Length; group++)
        {
            _groups[group].Writer?.Dispose();
            File.Delete(PathOf(group));
        }
    }

    /// <summary>Counting sort by list.</summary>
    private (int Batch, int Row)[] Order(RecordBatch[] batches)
    {
        var next = new long[_lists + 1];
        foreach (var batch in batches)
        {
            foreach (var list in batch.Column("list").Values<int>())
                next[list + 1]++;
        }

        for (var list = 0; list < _lists; list++)
            next[list + 1] += next[list];
        var order = new (int, int)[next[_lists]];
        for (var batch = 0; batch < batches.Length; batch++)
        {
            var lists = batches[batch].Column("list").Values<int>();
            for (var row = 0; row < lists.Length; row++)
                order[next[lists[row]]++] = (batch, row);
        }

        return order;
    }

    private int GroupOf(int list) => (int)((long)list * _groups.Length / _lists);

    private string PathOf(int group) => $"{_path}.spill-{group}";
}

/// <summary>One row of a spill; its vector lies in the spill's mapping.</summary>
internal readonly struct SpilledRow(RecordBatch batch, int row, int dimensions)
{
    public int List => batch.Column(0).Values<int>()[row];

    public long RowId => batch.Column(1).Values<long>()[row];

    public ReadOnlySpan<float> Vector => batch.Column(2).Values<float>().Slice(row * dimensions, dimensions);
}
