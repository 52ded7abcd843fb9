namespace EventMl.Data.Vectors;

/// <summary>
/// Measures while the index is built: the true neighbours of sampled rows are found by an exact search over the rows as they pass, and the rank of the
/// list that each is in tells how many probes would find it.
/// </summary>
internal sealed class RecallCheck
{
    private const int Neighbors = 10;

    private readonly VectorMetric _metric;
    private readonly QueryVectors? _queries;
    private readonly long[] _ids;
    private readonly ExactSearch? _exact;
    private readonly Dictionary<long, int> _lists = [];

    public RecallCheck(VectorMetric metric, VectorSample sample, int? threads)
    {
        _metric = metric;
        _ids = [.. sample.QueryIds];
        if (_ids.Length == 0)
            return;
        var values = new float[_ids.Length * sample.Dimensions];
        for (var i = 0; i < _ids.Length; i++)
            sample.Queries.Slice(i * sample.Stride, sample.Dimensions).CopyTo(values.AsSpan(i * sample.Dimensions));
        _queries = new QueryVectors(sample.Dimensions, values);
        // One more than wanted: each is its own neighbour.
        _exact = new ExactSearch(metric, _queries, Neighbors + 1, threads: threads);
    }

    public void Observe(VectorBatch batch, CancellationToken ct) => _exact?.Observe(batch, ct);

    /// <summary>All rows have passed: now only the lists of these are to be told.</summary>
    public IReadOnlyList<IReadOnlyList<long>> Truth() =>
        _exact is null ? [] : [.. _exact.Results().Select((found, i) => (IReadOnlyList<long>)[.. found.Select(n => n.RowId).Where(id => id != _ids[i]).Take(Neighbors)])];

    /// <summary>Notes in which list a row is.</summary>
    public void Place(long rowId, int list) => _lists[rowId] = list;

    /// <summary>The smallest number of probes that reaches the target, and the recall for it and for powers of two.</summary>
    public (int Probes, IReadOnlyDictionary<int, double> Recall) Measure(IReadOnlyList<IReadOnlyList<long>> truth, float[] centroids, int lists, double target)
    {
        var found = new long[lists];
        var total = 0L;
        for (var query = 0; query < truth.Count; query++)
        {
            var ranks = ProbeOrder.Of(_metric, _queries!.Only(query), centroids).Ranks();
            foreach (var list in truth[query].Where(_lists.ContainsKey).Select(id => _lists[id]))
            {
                found[ranks[list]]++;
                total++;
            }
        }

        if (total == 0)
            return (lists, new SortedDictionary<int, double>());
        var (curve, probes, sum) = (new SortedDictionary<int, double>(), 0, 0L);
        for (var p = 1; p <= lists; p++)
        {
            sum += found[p - 1];
            var recall = Math.Round((double)sum / total, 4);
            var reached = probes == 0 && (sum >= target * total || p == lists);
            if (reached)
                probes = p;
            if (reached || (p & (p - 1)) == 0 || p == lists)
                curve[p] = recall;
        }

        return (probes, curve);
    }
}
