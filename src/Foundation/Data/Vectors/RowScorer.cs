using System.Numerics;
using System.Runtime.Intrinsics;

namespace EventMl.Data.Vectors;

/// <summary>One worker's search: scores rows against all queries and keeps the nearest of each.</summary>
internal sealed class RowScorer
{
    private const int QueryBlock = 64;
    private const int FewQueries = 4;
    private const int ChunkBytes = 32 * 1024;

    private readonly VectorMetric _metric;
    private readonly QueryVectors _queries;
    private readonly Predicate<long>? _accept;
    private readonly int _chunk;
    private readonly float[] _rows;
    private readonly float[] _distances;
    private readonly float[] _inverses;

    public RowScorer(VectorMetric metric, QueryVectors queries, int k, Predicate<long>? accept)
    {
        (_metric, _queries, _accept) = (metric, queries, accept);
        // A few queries pass over each row once, so nearer caches gain nothing and longer pieces save the overhead of each.
        _chunk = ChunkRows(queries.Stride) * (queries.Count <= FewQueries ? 4 : 1);
        _rows = new float[_chunk * queries.Stride];
        _distances = new float[_chunk * Math.Min(queries.Count, QueryBlock)];
        _inverses = new float[_chunk];
        Heaps = [.. Enumerable.Range(0, queries.Count).Select(_ => new NeighborHeap(k))];
    }

    public IReadOnlyList<NeighborHeap> Heaps { get; }

    /// <summary>So many rows that they stay in the nearest caches while all queries pass over them.</summary>
    public static int ChunkRows(int stride) => Math.Clamp(ChunkBytes / (sizeof(float) * stride) / ScoreKernel.Lanes * ScoreKernel.Lanes, ScoreKernel.Lanes, 1024);

    public void Score(VectorBatch batch, int start, int count)
    {
        for (var end = start + count; start < end; start += _chunk)
        {
            var length = Math.Min(_chunk, end - start);
            var rows = batch.Rows(start, length, _rows);
            for (var query = 0; query < _queries.Count; query += QueryBlock)
            {
                var queries = Math.Min(QueryBlock, _queries.Count - query);
                Distances.Fill(_metric, rows, length, _queries.Padded.Span[(query * _queries.Stride)..], queries, _queries.Stride, _distances, _inverses);
                for (var i = 0; i < queries; i++)
                    Collect(Heaps[query + i], _distances.AsSpan(i * length, length), batch, start);
            }
        }
    }

    private void Collect(NeighborHeap heap, ReadOnlySpan<float> distances, VectorBatch batch, int start)
    {
        var i = 0;
        for (; i <= distances.Length - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            var near = Vector512.LessThanOrEqual(Vector512.Create(distances[i..]), Vector512.Create(heap.Limit)).ExtractMostSignificantBits();
            for (; near != 0; near &= near - 1)
            {
                var row = i + BitOperations.TrailingZeroCount(near);
                Offer(heap, distances[row], batch, start + row);
            }
        }

        for (; i < distances.Length; i++)
            Offer(heap, distances[i], batch, start + i);
    }

    private void Offer(NeighborHeap heap, float distance, VectorBatch batch, int row)
    {
        if (distance <= heap.Limit && batch.HasVector(row) && batch.RowId(row) is var id && (_accept is null || _accept(id)))
            heap.Offer(new Neighbor(id, distance));
    }
}
