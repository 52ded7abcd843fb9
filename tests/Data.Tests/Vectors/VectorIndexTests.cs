using EventMl.Arrow;
using EventMl.Data.Vectors;

namespace EventMl.Data.Tests.Vectors;

public sealed class VectorIndexTests : IDisposable
{
    private const int Dimensions = 24;

    private readonly string _folder = Directory.CreateTempSubdirectory("eventml-vectors-").FullName;

    private string IndexPath => Path.Combine(_folder, "v.index");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(VectorMetric.L2)]
    [InlineData(VectorMetric.InnerProduct)]
    [InlineData(VectorMetric.Cosine)]
    public async Task Everything_is_found_when_all_lists_are_probed(VectorMetric metric)
    {
        var values = VectorData.Random(3000, Dimensions, 1);
        var queries = new QueryVectors(Dimensions, VectorData.Random(20, Dimensions, 2));
        var info = await BuildAsync(values, metric);
        info.Lists.ShouldBeGreaterThan(50);
        using var index = VectorIndex.Open(IndexPath, "v1");
        index.Search(queries, 15, probes: info.Lists).ShouldBe(Exact(metric, values, queries, 15));
    }

    [Fact]
    public async Task Only_accepted_rows_are_found_and_as_many_as_there_are_when_filtered()
    {
        var values = VectorData.Random(3000, Dimensions, 1);
        var query = new QueryVectors(Dimensions, VectorData.Random(1, Dimensions, 2));
        await BuildAsync(values, VectorMetric.L2);
        using var index = VectorIndex.Open(IndexPath, "v1");
        index.Search(query, 10, probes: 1, accept: id => id % 500 == 7)[0].Select(n => n.RowId).Order().ShouldBe([7, 507, 1007, 1507, 2007, 2507]);
        index.Search(query, 10, probes: 1, accept: id => id % 2 == 0)[0].Count.ShouldBe(10);
        var nearest = index.Search(query, 1, probes: index.Info.Lists)[0][0].RowId;
        index.Search(query, 10, accept: id => id != nearest)[0].ShouldNotContain(n => n.RowId == nearest);
    }

    [Fact]
    public async Task Rows_that_cannot_be_indexed_are_counted_when_built()
    {
        var values = VectorData.Random(200, Dimensions, 1);
        values[5] = float.NaN;
        values[Dimensions] = float.PositiveInfinity;
        values[2 * Dimensions] = 1e30f;
        values.AsSpan(3 * Dimensions, Dimensions).Clear();
        var batch = new VectorBatch(VectorData.Batch(values, Dimensions, 10, 11).Column(0), 0);
        var info = await new VectorIndexBuilder(VectorMetric.Cosine).BuildAsync(VectorData.Stream([batch]), IndexPath, "v1", "v");
        (info.Rows, info.SkippedRows).ShouldBe((194, 6));
        using var index = VectorIndex.Open(IndexPath, "v1");
        var found = index.Search(new QueryVectors(Dimensions, VectorData.Random(1, Dimensions, 2)), 300)[0];
        found.Count.ShouldBe(194);
        found.Select(n => n.RowId).ShouldNotContain(id => id < 4 || id == 10 || id == 11);
    }

    [Fact]
    public async Task Files_are_equal_when_threads_and_batches_differ()
    {
        var values = VectorData.Random(3000, Dimensions, 1);
        await BuildAsync(values, VectorMetric.L2, new VectorIndexOptions { Threads = 1, SampleRows = 1000 }, batchRows: 3000);
        var first = File.ReadAllBytes(IndexPath);
        await BuildAsync(values, VectorMetric.L2, new VectorIndexOptions { Threads = 2, SampleRows = 1000 }, batchRows: 71);
        File.ReadAllBytes(IndexPath).ShouldBe(first);
        await BuildAsync(values, VectorMetric.L2, new VectorIndexOptions { Threads = 2, SampleRows = 1000, Seed = 2 });
        File.ReadAllBytes(IndexPath).ShouldNotBe(first);
    }

    [Fact]
    public async Task Index_answers_when_there_are_few_rows_none_or_all_the_same()
    {
        var query = new QueryVectors(Dimensions, new float[Dimensions]);
        foreach (var values in new[] { [], VectorData.Random(1, Dimensions, 1), VectorData.Random(40, Dimensions, 1), Enumerable.Repeat(1f, 2000 * Dimensions).ToArray() })
        {
            var batch = new VectorBatch(VectorData.Batch(values, Dimensions).Column(0), 0);
            File.Delete(IndexPath);
            await new VectorIndexBuilder(VectorMetric.L2).BuildAsync(VectorData.Stream([batch]), IndexPath, "v1", "v");
            using var index = VectorIndex.Open(IndexPath, "v1");
            index.Search(query, 10)[0].Count.ShouldBe(Math.Min(10, batch.Length));
        }
    }

    [Fact]
    public async Task Index_is_refused_when_it_belongs_to_another_version_or_is_none()
    {
        await BuildAsync(VectorData.Random(100, Dimensions, 1), VectorMetric.L2);
        Should.Throw<VectorIndexException>(() => VectorIndex.Open(IndexPath, "v2")).Message.ShouldContain("was built from version v1, not v2");

        var other = Path.Combine(_folder, "other.arrow");
        var batch = VectorData.Batch([1f], 1);
        using (var writer = ArrowFileWriter.Create(other, batch.Schema))
        {
            writer.Write(batch);
            writer.Finish();
        }

        Should.Throw<VectorIndexException>(() => VectorIndex.Open(other, "v1")).Message.ShouldContain("no vector index");
        File.WriteAllText(other, "text");
        Should.Throw<VectorIndexException>(() => VectorIndex.Open(other, "v1")).Message.ShouldContain("Build it again");
    }

    [Fact]
    public async Task Damage_is_an_error_or_harmless_when_bytes_change()
    {
        await BuildAsync(VectorData.Random(400, 4, 1), VectorMetric.L2, dimensions: 4);
        var bytes = File.ReadAllBytes(IndexPath);
        var random = new Random(1);
        var damaged = Path.Combine(_folder, "damaged.index");
        var query = new QueryVectors(4, [0.1f, 0.2f, 0.3f, 0.4f]);
        var refused = 0;
        for (var round = 0; round < 1500; round++)
        {
            var copy = round % 5 == 0 ? bytes[..random.Next(bytes.Length)] : bytes.ToArray();
            for (var i = 0; i < 1 + (round % 4) && copy.Length > 0; i++)
                copy[round % 2 == 0 ? random.Next(copy.Length) : copy.Length - 1 - random.Next(Math.Min(copy.Length, 3000))] = (byte)random.Next(256);
            File.WriteAllBytes(damaged, copy);
            try
            {
                using var index = VectorIndex.Open(damaged, "v1");
                index.Search(query, 5)[0].Count.ShouldBeLessThanOrEqualTo(5);
            }
            catch (VectorIndexException)
            {
                refused++;
            }
        }

        refused.ShouldBeGreaterThan(300);
    }

    [Fact]
    public async Task Nothing_is_left_when_the_build_is_cancelled()
    {
        var values = VectorData.Random(10_000, Dimensions, 1);
        foreach (var stage in Enum.GetValues<VectorIndexStage>())
        {
            using var cancel = new CancellationTokenSource();
            var seen = new HashSet<VectorIndexStage>();
            var builder = new VectorIndexBuilder(VectorMetric.L2, new VectorIndexOptions { SampleRows = 500, Rounds = 3 }, new Progress(p =>
            {
                seen.Add(p.Stage);
                if (p.Stage == stage)
                    cancel.Cancel();
            }));
            await Should.ThrowAsync<OperationCanceledException>(
                () => builder.BuildAsync(VectorData.Stream(VectorData.Batches(values, Dimensions, 5000)), IndexPath, "v1", "v", cancel.Token));
            seen.ShouldBe(Enum.GetValues<VectorIndexStage>().Take((int)stage + 1), ignoreOrder: true);
            Directory.GetFileSystemEntries(_folder).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task Build_is_refused_when_it_cannot_be_right()
    {
        var builder = new VectorIndexBuilder(VectorMetric.L2);
        await Should.ThrowAsync<ArgumentException>(() => builder.BuildAsync(VectorData.Stream([]), IndexPath, "v1", "v"));
        var mixed = VectorData.Batches(new float[20], 4, 5).Concat(VectorData.Batches(new float[20], 5, 4));
        (await Should.ThrowAsync<ArgumentException>(() => builder.BuildAsync(VectorData.Stream(mixed), IndexPath, "v1", "v"))).Message.ShouldContain("5 components");
        Should.Throw<ArgumentException>(() => new VectorIndexBuilder(VectorMetric.L2, new VectorIndexOptions { TargetRecall = 1.5 }));
        await File.WriteAllTextAsync(IndexPath, "kept");
        await Should.ThrowAsync<IOException>(() => builder.BuildAsync(VectorData.Stream([]), IndexPath, "v1", "v"));
        (await File.ReadAllTextAsync(IndexPath)).ShouldBe("kept");
    }

    [Fact]
    public async Task Search_throws_when_the_index_is_closed()
    {
        await BuildAsync(VectorData.Random(100, Dimensions, 1), VectorMetric.L2);
        var index = VectorIndex.Open(IndexPath, "v1");
        index.Dispose();
        index.Dispose();
        Should.Throw<ObjectDisposedException>(() => index.Search(new QueryVectors(Dimensions, new float[Dimensions]), 1));
    }

    [Theory]
    [InlineData(VectorMetric.L2)]
    [InlineData(VectorMetric.Cosine)]
    [InlineData(VectorMetric.InnerProduct)]
    public async Task Recall_reaches_what_was_promised_when_vectors_are_real(VectorMetric metric)
    {
        const int Real = VectorData.Projected;
        var all = VectorData.FashionMnist;
        var (values, queries) = (all[..(20_000 * Real)], new QueryVectors(Real, all.AsSpan(20_000 * Real)));
        var info = await BuildAsync(values, metric, dimensions: Real);
        using var index = VectorIndex.Open(IndexPath, "v1");
        var truth = Exact(metric, values, queries, 10, Real);
        var recall = VectorData.Recall(truth, index.Search(queries, 10));
        recall.ShouldBeGreaterThanOrEqualTo(0.95);
        info.Probes.ShouldBeLessThan(info.Lists / 4);
        VectorData.Recall(truth, index.Search(queries, 10, probes: 1)).ShouldBeLessThan(recall);
    }

    private async Task<VectorIndexInfo> BuildAsync(float[] values, VectorMetric metric, VectorIndexOptions? options = null, int batchRows = 700, int dimensions = Dimensions)
    {
        File.Delete(IndexPath);
        return await new VectorIndexBuilder(metric, options).BuildAsync(VectorData.Stream(VectorData.Batches(values, dimensions, batchRows)), IndexPath, "v1", "v");
    }

    private static IReadOnlyList<IReadOnlyList<Neighbor>> Exact(VectorMetric metric, float[] values, QueryVectors queries, int k, int dimensions = Dimensions)
    {
        var search = new ExactSearch(metric, queries, k);
        foreach (var batch in VectorData.Batches(values, dimensions, 5000))
            search.Observe(batch);
        return search.Results();
    }

    private sealed class Progress(Action<VectorIndexProgress> report) : IProgress<VectorIndexProgress>
    {
        public void Report(VectorIndexProgress value) => report(value);
    }
}
