namespace EventMl.Data.Vectors;

/// <summary>
/// The exact nearest neighbours of one or many queries among all rows that pass by, batch by batch, so that the rows need not fit in memory.
/// Distances and order do not depend on batches, threads or the number of queries; equal distances come in the order of row ids.
/// </summary>
public sealed class ExactSearch
{
    private const int PieceRows = 1024;

    private readonly QueryVectors _queries;
    private readonly int _k;
    private readonly RowScorer[] _workers;

    /// <summary>A search for the <paramref name="k"/> nearest rows of each query.</summary>
    /// <param name="metric">What near means.</param>
    /// <param name="queries">Whose neighbours are wanted.</param>
    /// <param name="k">How many.</param>
    /// <param name="accept">Which row ids count, for instance those that are not deleted; called from several threads.</param>
    /// <param name="threads">How many threads look; all cores where null.</param>
    /// <exception cref="ArgumentException">A cosine is wanted of a query of zeros.</exception>
    public ExactSearch(VectorMetric metric, QueryVectors queries, int k, Predicate<long>? accept = null, int? threads = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k);
        queries.CheckFor(metric);
        (_queries, _k) = (queries, k);
        _workers = [.. Enumerable.Range(0, Workers.Count(threads)).Select(_ => new RowScorer(metric, queries, k, accept))];
    }

    /// <summary>Looks at the rows of one batch, which is not needed afterwards.</summary>
    /// <exception cref="ArgumentException">The vectors have another number of components than the queries.</exception>
    /// <exception cref="OperationCanceledException">The search was cancelled; its results are not to be used.</exception>
    public void Observe(VectorBatch batch, CancellationToken ct = default)
    {
        _queries.CheckFor(batch.Dimensions, "The batch");
        Workers.Share(_workers.Length, batch.Length, PieceRows, (worker, start, count) => _workers[worker].Score(batch, start, count), ct);
    }

    /// <summary>For each query its nearest rows so far, nearest first; fewer than k where there are not so many.</summary>
    public IReadOnlyList<IReadOnlyList<Neighbor>> Results() => [.. Enumerable.Range(0, _queries.Count).Select(Result)];

    private Neighbor[] Result(int query)
    {
        var all = new NeighborHeap(_k);
        foreach (var worker in _workers)
            all.OfferAll(worker.Heaps[query]);
        return all.ToSorted();
    }
}
