namespace EventMl.Data.Vectors;

/// <summary>
/// Builds an index (inverted lists around k-means centroids, IVF) of vectors that are streamed twice, in bounded memory:
/// a sample is held, the rows wait for their lists in files beside the index, which are gone at the end.
/// </summary>
public sealed class VectorIndexBuilder
{
    private const int SampleRowsPerList = 32;
    private const int PieceRows = 1024;

    private readonly VectorMetric _metric;
    private readonly VectorIndexOptions _options;
    private readonly IProgress<VectorIndexProgress>? _progress;

    /// <summary>A builder for one metric.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public VectorIndexBuilder(VectorMetric metric, VectorIndexOptions? options = null, IProgress<VectorIndexProgress>? progress = null)
    {
        (_metric, _options, _progress) = (metric, options ?? VectorIndexOptions.Default, progress);
        VectorIndexOptions.Check(_options);
    }

    /// <summary>Builds an index and returns what it says of itself; nothing is left behind when it fails or is cancelled.</summary>
    /// <param name="vectors">All rows of the version, the same each of the two times they are enumerated.</param>
    /// <param name="path">The file to write, which must not exist.</param>
    /// <param name="versionId">The version that the rows are of; who opens the index names it again.</param>
    /// <param name="column">The column, for whoever reads the file.</param>
    /// <param name="ct">Ends the build.</param>
    /// <exception cref="ArgumentException">There are no batches, or the vectors have different numbers of components.</exception>
    /// <exception cref="InvalidOperationException">The rows were not the same the second time.</exception>
    /// <exception cref="IOException">The file exists, or cannot be written.</exception>
    public async Task<VectorIndexInfo> BuildAsync(IAsyncEnumerable<VectorBatch> vectors, string path, string versionId, string column, CancellationToken ct = default)
    {
        if (Path.Exists(path))
            throw new IOException($"{path} exists; an index is written to a new file.");
        var sample = await SampleAsync(vectors, ct);
        var lists = Lists(sample);
        var centroids = lists == 0 ? [] : KMeans.Train(
            sample.Learnt, sample.Stride, lists, _options, round => Report(VectorIndexStage.Clustering, round, _options.Rounds), ct);
        var check = new RecallCheck(_metric, sample, _options.Threads);
        using var spill = new ListSpill(path, lists, sample.Dimensions, sample.Rows);
        await AssignAsync(vectors, sample, centroids, spill, check, ct);
        try
        {
            return Write(path, sample, centroids, spill, check, new VectorIndexInfo(
                VectorIndexInfo.CurrentFormat, versionId, column, _metric, sample.Dimensions, lists, sample.Rows, sample.Skipped, 0,
                new SortedDictionary<int, double>(), _options.Seed), ct);
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    private async Task<VectorSample> SampleAsync(IAsyncEnumerable<VectorBatch> vectors, CancellationToken ct)
    {
        var sample = new VectorSample(_metric, _options);
        await foreach (var batch in vectors.WithCancellation(ct))
        {
            ct.ThrowIfCancellationRequested();
            sample.Observe(batch);
            Report(VectorIndexStage.Sampling, sample.Rows + sample.Skipped, 0);
        }

        return sample.Dimensions > 0 ? sample : throw new ArgumentException("There is no batch of vectors to index.", nameof(vectors));
    }

    private int Lists(VectorSample sample)
    {
        var wanted = _options.Lists ?? (int)Math.Min(2 * Math.Sqrt(sample.Rows), int.MaxValue);
        return sample.Rows == 0 ? 0 : Math.Clamp(wanted, 1, Math.Max(1, sample.Learnt.Length / sample.Stride / SampleRowsPerList));
    }

    private async Task AssignAsync(IAsyncEnumerable<VectorBatch> vectors, VectorSample sample, float[] centroids, ListSpill spill, RecallCheck check, CancellationToken ct)
    {
        var work = new ListWork(_metric, sample.Stride, centroids);
        var (done, spilled) = (0L, 0L);
        await foreach (var batch in vectors.WithCancellation(ct))
        {
            if (batch.Dimensions != sample.Dimensions)
                throw Changed();
            check.Observe(batch, ct);
            var lists = new int[batch.Length];
            Workers.Share(Workers.Count(_options.Threads), batch.Length, PieceRows, (_, start, count) => work.Assign(batch, start, lists.AsSpan(start, count)), ct);
            spilled += work.Spill(batch, lists, spill);
            Report(VectorIndexStage.Assigning, done += batch.Length, sample.Rows + sample.Skipped);
        }

        if (spilled != sample.Rows || done != sample.Rows + sample.Skipped)
            throw Changed();
    }

    private VectorIndexInfo Write(
        string path, VectorSample sample, float[] centroids, ListSpill spill, RecallCheck check, VectorIndexInfo info, CancellationToken ct)
    {
        var truth = check.Truth();
        var wanted = truth.SelectMany(t => t).ToHashSet();
        using var writer = new VectorIndexWriter(path, sample.Dimensions, centroids);
        var done = 0L;
        for (var group = 0; group < spill.Groups; group++)
        {
            foreach (var row in spill.Read(group))
            {
                writer.Add(row);
                if (wanted.Contains(row.RowId))
                    check.Place(row.RowId, row.List);
                if (++done % PieceRows == 0)
                {
                    ct.ThrowIfCancellationRequested();
                    Report(VectorIndexStage.Writing, done, info.Rows);
                }
            }
        }

        var (probes, recall) = check.Measure(truth, centroids, info.Lists, _options.TargetRecall);
        var measured = info with { Probes = probes, Recall = recall };
        writer.Finish(measured);
        Report(VectorIndexStage.Writing, done, info.Rows);
        return measured;
    }

    private void Report(VectorIndexStage stage, long done, long total) => _progress?.Report(new VectorIndexProgress(stage, done, total));

    private static InvalidOperationException Changed() => new("The rows were not the same the second time; an index is built from one version.");
}
