using EventMl.Arrow;

namespace EventMl.Data.Vectors;

/// <summary>Writes an index file: one batch of centroids, then for each list its rows in batches of its own.</summary>
internal sealed class VectorIndexWriter : IDisposable
{
    private const int BatchBytes = 4 << 20;

    private readonly RecordBatchBuilder _builder;
    private readonly ArrowFileWriter _writer;
    private readonly int _batchRows;
    private int _list = -1;

    public VectorIndexWriter(string path, int dimensions, ReadOnlySpan<float> centroids)
    {
        var schema = VectorIndexInfo.SchemaOf(dimensions);
        (_builder, _batchRows) = (new RecordBatchBuilder(schema), Math.Max(1, BatchBytes / RowBytes(dimensions)));
        _writer = ArrowFileWriter.Create(path, schema);
        var stride = VectorBatch.StrideOf(dimensions);
        for (var list = 0; list < centroids.Length / stride; list++)
            Append(_builder, list, null, centroids.Slice(list * stride, dimensions));
        _writer.Write(_builder.Build());
    }

    public static int RowBytes(int dimensions) => sizeof(int) + sizeof(long) + (sizeof(float) * dimensions);

    public static void Append(RecordBatchBuilder builder, int list, long? rowId, ReadOnlySpan<float> vector)
    {
        ((PrimitiveBuilder<int>)builder.Column(0)).Append(list);
        if (rowId is { } id)
            ((PrimitiveBuilder<long>)builder.Column(1)).Append(id);
        else
            builder.Column(1).AppendNull();
        ((FixedSizeListBuilder)builder.Column(2)).Append(vector);
    }

    /// <summary>Adds a row; the lists come in order.</summary>
    public void Add(SpilledRow row)
    {
        if (row.List != _list || _builder.Length == _batchRows)
            Flush();
        _list = row.List;
        Append(_builder, _list, row.RowId, row.Vector);
    }

    public void Finish(VectorIndexInfo info)
    {
        Flush();
        _writer.Finish(info.ToMetadata());
    }

    public void Dispose() => _writer.Dispose();

    private void Flush()
    {
        if (_builder.Length > 0)
            _writer.Write(_builder.Build());
    }
}
