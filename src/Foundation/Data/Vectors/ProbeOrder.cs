namespace EventMl.Data.Vectors;

/// <summary>In which order a query visits the lists.</summary>
internal sealed class ProbeOrder
{
    private readonly float[] _scores;

    private ProbeOrder(float[] scores) => _scores = scores;

    /// <summary>Lists by the distance of their centroids; for cosine, whose centroids are those of directions, from the query's direction.</summary>
    public static ProbeOrder Of(VectorMetric metric, QueryVectors query, float[] centroids)
    {
        var count = centroids.Length / query.Stride;
        var scores = new float[count];
        if (count == 0)
            return new ProbeOrder(scores);
        var values = query.Padded.Span;
        if (metric == VectorMetric.Cosine)
        {
            var direction = new float[query.Stride];
            Distances.Normalize(values, direction);
            values = direction;
        }

        Distances.Fill(metric == VectorMetric.InnerProduct ? metric : VectorMetric.L2, centroids, count, values, 1, query.Stride, scores, default);
        return new ProbeOrder(scores);
    }

    /// <summary>All lists, nearest first; those behind the first <paramref name="probes"/> are sorted only when asked for.</summary>
    public IEnumerable<int> Nearest(int probes)
    {
        var heap = new NeighborHeap(Math.Min(probes, Math.Max(1, _scores.Length)));
        for (var list = 0; list < _scores.Length; list++)
        {
            if (_scores[list] <= heap.Limit)
                heap.Offer(new Neighbor(list, _scores[list]));
        }

        var nearest = heap.ToSorted();
        foreach (var list in nearest)
            yield return (int)list.RowId;
        if (nearest.Length == _scores.Length)
            yield break;
        var rest = Enumerable.Range(0, _scores.Length).Except(nearest.Select(n => (int)n.RowId));
        foreach (var list in rest.OrderBy(l => _scores[l]).ThenBy(l => l))
            yield return list;
    }

    /// <summary>How many lists come before each.</summary>
    public int[] Ranks()
    {
        var order = Enumerable.Range(0, _scores.Length).OrderBy(l => _scores[l]).ThenBy(l => l).ToArray();
        var ranks = new int[order.Length];
        for (var rank = 0; rank < order.Length; rank++)
            ranks[order[rank]] = rank;
        return ranks;
    }
}
