using EventMl.Arrow;

namespace EventMl.Data.Vectors;

/// <summary>
/// An index of one vector column of one dataset version, mapped into memory: rows in lists around centroids, of which a search looks through the nearest.
/// What it finds has the same distances as an exact search. Many threads may search at once.
/// </summary>
public sealed class VectorIndex : IDisposable
{
    private readonly ArrowFile _file;
    private readonly float[] _centroids;
    private readonly VectorBatch[][] _lists;
    // The mapping goes when the last search has ended, not under its feet.
    private int _uses = 1;
    private int _disposed;

    private VectorIndex(ArrowFile file, VectorIndexInfo info, float[] centroids, VectorBatch[][] lists) =>
        (_file, Info, _centroids, _lists) = (file, info, centroids, lists);

    /// <summary>What the index says of itself.</summary>
    public VectorIndexInfo Info { get; }

    private int Stride => VectorBatch.StrideOf(Info.Dimensions);

    /// <summary>Opens the index of a dataset version.</summary>
    /// <param name="path">The index file.</param>
    /// <param name="versionId">The version it must have been built from.</param>
    /// <exception cref="VectorIndexException">It is no index, is damaged, or belongs to another version.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static VectorIndex Open(string path, string versionId)
    {
        var name = Path.GetFileName(path);
        ArrowFile? file = null;
        try
        {
            file = ArrowFile.Open(path);
            var info = VectorIndexInfo.Read(file, name);
            if (info.VersionId != versionId)
                throw new VectorIndexException($"The vector index {name} was built from version {info.VersionId}, not {versionId}. Build one for this version.");
            var index = Read(file, info, name);
            file = null;
            return index;
        }
        catch (ArrowFormatException e)
        {
            throw VectorIndexInfo.Damaged(name, e.Message, e);
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>For each query its nearest rows, nearest first, among the lists nearest to it.</summary>
    /// <param name="queries">Whose neighbours are wanted.</param>
    /// <param name="k">How many; where the lists looked through have fewer, further lists follow, so that fewer are found only where there are no more.</param>
    /// <param name="probes">How many lists to look through: more find more and take longer; as many as <see cref="VectorIndexInfo.Probes"/> says where null.</param>
    /// <param name="accept">Which row ids count, for instance those that are not deleted; called from several threads.</param>
    /// <param name="threads">How many threads share the queries; all cores where null.</param>
    /// <param name="ct">Ends the search.</param>
    /// <exception cref="ArgumentException">The queries do not fit the index.</exception>
    public IReadOnlyList<IReadOnlyList<Neighbor>> Search(
        QueryVectors queries, int k, int? probes = null, Predicate<long>? accept = null, int? threads = null, CancellationToken ct = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(probes ?? 1, nameof(probes));
        queries.CheckFor(Info.Dimensions, "The index");
        queries.CheckFor(Info.Metric);
        var found = new IReadOnlyList<Neighbor>[queries.Count];
        Enter();
        try
        {
            Workers.Share(Workers.Count(threads), queries.Count, 1, (_, query, _) => found[query] = SearchOne(queries.Only(query), k, probes ?? Info.Probes, accept, ct), ct);
        }
        finally
        {
            Leave();
        }

        return found;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
            Leave();
    }

    private Neighbor[] SearchOne(QueryVectors query, int k, int probes, Predicate<long>? accept, CancellationToken ct)
    {
        var order = ProbeOrder.Of(Info.Metric, query, _centroids);
        var scorer = new RowScorer(Info.Metric, query, k, accept);
        var looked = 0;
        foreach (var list in order.Nearest(probes))
        {
            if (looked++ >= probes && scorer.Heaps[0].Count == k)
                break;
            ct.ThrowIfCancellationRequested();
            foreach (var batch in _lists[list])
                scorer.Score(batch, 0, batch.Length);
        }

        return scorer.Heaps[0].ToSorted();
    }

    private static VectorIndex Read(ArrowFile file, VectorIndexInfo info, string name)
    {
        if (file.BatchCount == 0 || file.Batch(0).Length != info.Lists)
            throw VectorIndexInfo.Damaged(name, $"it has not the {info.Lists} centroids it speaks of");
        var centroids = Centroids(file.Batch(0), info, name);
        var lists = Enumerable.Range(0, info.Lists).Select(_ => new List<VectorBatch>()).ToArray();
        var rows = 0L;
        foreach (var batch in file.Batches().Skip(1))
        {
            var own = batch.Column("list").Values<int>();
            var ids = batch.Column("row_id");
            if (own.Length == 0 || own[0] != own[^1] || (uint)own[0] >= (uint)info.Lists || ids.NullCount > 0)
                throw VectorIndexInfo.Damaged(name, "a batch does not belong to one of its lists");
            lists[own[0]].Add(VectorBatch.Mapped(batch.Column("vector"), ids));
            rows += batch.Length;
        }

        return rows == info.Rows
            ? new VectorIndex(file, info, centroids, [.. lists.Select(l => l.ToArray())])
            : throw VectorIndexInfo.Damaged(name, $"it has {rows} rows and speaks of {info.Rows}");
    }

    private static float[] Centroids(RecordBatch batch, VectorIndexInfo info, string name)
    {
        var stride = VectorBatch.StrideOf(info.Dimensions);
        var centroids = new float[info.Lists * stride];
        for (var list = 0; list < info.Lists; list++)
            batch.Column<FixedSizeListColumn>("vector").GetRow<float>(list).CopyTo(centroids.AsSpan(list * stride));
        return centroids.All(float.IsFinite) ? centroids : throw VectorIndexInfo.Damaged(name, "a centroid is no finite vector");
    }

    private void Enter()
    {
        for (var uses = Volatile.Read(ref _uses); ; uses = Volatile.Read(ref _uses))
        {
            ObjectDisposedException.ThrowIf(uses == 0 || Volatile.Read(ref _disposed) != 0, this);
            if (Interlocked.CompareExchange(ref _uses, uses + 1, uses) == uses)
                return;
        }
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _uses) == 0)
            _file.Dispose();
    }
}
