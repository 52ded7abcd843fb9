namespace EventMl.Data.Vectors;

/// <summary>Finds the list of each row of a batch, and sends the rows there.</summary>
internal sealed class ListWork(VectorMetric metric, int stride, float[] centroids)
{
    private const int None = -1;

    private readonly ListAssigner _assigner = new(centroids, stride);
    private readonly int _chunk = RowScorer.ChunkRows(stride);

    /// <summary>The list of each row from <paramref name="start"/> on; called from several threads.</summary>
    public void Assign(VectorBatch batch, int start, Span<int> lists)
    {
        var (scratch, directions) = (new float[_chunk * stride], metric == VectorMetric.Cosine ? new float[_chunk * stride] : []);
        for (var done = 0; done < lists.Length; done += _chunk)
        {
            var own = lists[done..Math.Min(done + _chunk, lists.Length)];
            var rows = batch.Rows(start + done, own.Length, scratch);
            for (var row = 0; row < own.Length && metric == VectorMetric.Cosine; row++)
                Distances.Normalize(rows.Slice(row * stride, stride), directions.AsSpan(row * stride));
            _assigner.Assign(metric == VectorMetric.Cosine ? directions : rows, own);
            for (var row = 0; row < own.Length; row++)
            {
                if (!VectorSample.IsUsable(metric, batch, start + done + row, rows.Slice(row * stride, stride)))
                    own[row] = None;
            }
        }
    }

    /// <summary>Sends the rows to their lists and tells how many have one.</summary>
    public int Spill(VectorBatch batch, ReadOnlySpan<int> lists, ListSpill spill)
    {
        var scratch = new float[_chunk * stride];
        var spilled = 0;
        for (var start = 0; start < batch.Length; start += _chunk)
        {
            var rows = batch.Rows(start, Math.Min(_chunk, batch.Length - start), scratch);
            for (var row = start; row < Math.Min(start + _chunk, batch.Length); row++)
            {
                if (lists[row] == None)
                    continue;
                spill.Add(lists[row], batch.RowId(row), rows.Slice((row - start) * stride, batch.Dimensions));
                spilled++;
            }
        }

        return spilled;
    }
}
