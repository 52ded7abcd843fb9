using EventMl.Arrow;
using EventMl.Data.Vectors;

namespace EventMl.Data.Tests.Vectors;

public sealed class ExactSearchTests
{
    public static TheoryData<VectorMetric, int, int, int> Shapes
    {
        get
        {
            var shapes = new TheoryData<VectorMetric, int, int, int>();
            foreach (var metric in Enum.GetValues<VectorMetric>())
            {
                foreach (var (rows, dimensions, queries) in new[] { (1, 1, 1), (3, 2, 2), (50, 16, 4), (999, 17, 5), (1003, 128, 3), (600, 130, 70), (9000, 8, 2) })
                    shapes.Add(metric, rows, dimensions, queries);
            }

            return shapes;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Neighbours_are_those_of_the_definition_when_searched(VectorMetric metric, int rows, int dimensions, int queries)
    {
        var (values, asked) = (VectorData.Random(rows, dimensions, 1), VectorData.Random(queries, dimensions, 2));
        var found = Search(metric, VectorData.Batches(values, dimensions, 400), new QueryVectors(dimensions, asked), 10);

        for (var query = 0; query < queries; query++)
        {
            var truth = VectorData.Reference(metric, values, asked.AsSpan(query * dimensions, dimensions), 10);
            found[query].Count.ShouldBe(truth.Length);
            for (var i = 0; i < truth.Length; i++)
                found[query][i].Distance.ShouldBe(truth[i].Distance, 1e-5f);
            if (dimensions > 2)
                found[query].Select(n => n.RowId).ShouldBe(truth.Select(n => n.RowId));
        }
    }

    [Theory]
    [InlineData(VectorMetric.L2)]
    [InlineData(VectorMetric.InnerProduct)]
    [InlineData(VectorMetric.Cosine)]
    public void Distances_have_the_same_bits_when_queries_batches_and_threads_differ(VectorMetric metric)
    {
        const int Dimensions = 33;
        var (values, asked) = (VectorData.Random(10_001, Dimensions, 3), VectorData.Random(9, Dimensions, 4));
        var together = Search(metric, VectorData.Batches(values, Dimensions, 10_001), new QueryVectors(Dimensions, asked), 25, threads: 2);
        for (var query = 0; query < 9; query++)
        {
            var alone = new QueryVectors(Dimensions, asked.AsSpan(query * Dimensions, Dimensions));
            Search(metric, VectorData.Batches(values, Dimensions, 77), alone, 25, threads: 1)[0].ShouldBe(together[query]);
        }
    }

    [Fact]
    public void Smaller_row_ids_come_first_when_distances_are_equal()
    {
        var values = Enumerable.Repeat(1f, 5000 * 16).ToArray();
        var found = Search(VectorMetric.L2, Enumerable.Reverse(VectorData.Batches(values, 16, 512)), new QueryVectors(16, new float[16]), 7);
        found[0].ShouldBe(Enumerable.Range(0, 7).Select(i => new Neighbor(i, 16)));
    }

    [Fact]
    public void Rows_without_a_finite_distance_are_passed_over_when_searched()
    {
        const int Dimensions = 16;
        var values = VectorData.Random(8, Dimensions, 5);
        values[0] = float.NaN;
        values[Dimensions] = float.PositiveInfinity;
        values[2 * Dimensions] = float.NegativeInfinity;
        values.AsSpan(3 * Dimensions, Dimensions).Clear();
        values.AsSpan(4 * Dimensions, Dimensions).Fill(1e38f);
        var batch = new VectorBatch(VectorData.Batch(values, Dimensions, 5).Column(0), 100);
        var query = new QueryVectors(Dimensions, VectorData.Random(1, Dimensions, 6));

        Search(VectorMetric.L2, [batch], query, 10)[0].Select(n => n.RowId).Order().ShouldBe([103, 106, 107]);
        Search(VectorMetric.Cosine, [batch], query, 10)[0].Select(n => n.RowId).Order().ShouldBe([106, 107]);
        Search(VectorMetric.InnerProduct, [batch], query, 10)[0].ShouldAllBe(n => float.IsFinite(n.Distance) && n.RowId != 105);
    }

    [Fact]
    public void Row_is_passed_over_when_one_component_is_null()
    {
        var builder = new RecordBatchBuilder(new ArrowSchema([new ArrowField("v", ArrowType.FixedSizeList(ArrowType.Of(ArrowKind.Float32), 2))]));
        var vectors = builder.Column<FixedSizeListBuilder>("v");
        vectors.Append([1f, 1f]);
        var items = (PrimitiveBuilder<float>)vectors.Items;
        items.Append(0);
        items.AppendNull();
        vectors.Append();
        var found = Search(VectorMetric.L2, [new VectorBatch(builder.Build().Column(0), 0)], new QueryVectors(2, [0f, 0f]), 5);
        found[0].ShouldBe([new Neighbor(0, 2)]);
    }

    [Fact]
    public void Only_accepted_rows_are_found_when_rows_are_deleted()
    {
        var values = VectorData.Random(6000, 20, 8);
        var asked = VectorData.Random(1, 20, 9);
        var deleted = new HashSet<long>(VectorData.Reference(VectorMetric.L2, values, asked, 100).Select(n => n.RowId));
        var found = Search(VectorMetric.L2, VectorData.Batches(values, 20, 1000), new QueryVectors(20, asked), 10, id => !deleted.Contains(id));
        found[0].Select(n => n.RowId).ShouldBe(VectorData.Reference(VectorMetric.L2, values, asked, 110)[100..].Select(n => n.RowId));
    }

    [Fact]
    public void Float64_and_float16_read_as_float32_when_searched()
    {
        var values = VectorData.Random(300, 24, 10).Select(v => (float)(Half)v).ToArray();
        var query = new QueryVectors(24, VectorData.Random(3, 24, 11));
        var truth = Search(VectorMetric.L2, VectorData.Batches(values, 24, 300), query, 5);
        Search(VectorMetric.L2, [Of(ArrowKind.Float64, v => (double)v)], query, 5).ShouldBe(truth);
        Search(VectorMetric.L2, [Of(ArrowKind.Float16, v => (Half)v)], query, 5).ShouldBe(truth);

        VectorBatch Of<T>(ArrowKind kind, Func<float, T> convert)
            where T : unmanaged
        {
            var builder = new RecordBatchBuilder(new ArrowSchema([new ArrowField("v", ArrowType.FixedSizeList(ArrowType.Of(kind), 24))]));
            builder.Column<FixedSizeListBuilder>("v").Append<T>([.. values.Select(convert)]);
            return new VectorBatch(builder.Build().Column(0), 0);
        }
    }

    [Fact]
    public void Row_ids_are_those_given_when_rows_have_ids_of_their_own()
    {
        var batch = new VectorBatch(VectorData.Batch([5f, 1f, 3f], 1).Column(0), [70L, 80L, 90L]);
        Search(VectorMetric.L2, [batch], new QueryVectors(1, [0f]), 2)[0].ShouldBe([new Neighbor(80, 1), new Neighbor(90, 9)]);
    }

    [Fact]
    public void Mistakes_are_named_when_something_does_not_fit()
    {
        var batch = new VectorBatch(VectorData.Batch(VectorData.Random(3, 4, 1), 4).Column(0), 0);
        Should.Throw<ArgumentException>(() => Search(VectorMetric.L2, [batch], new QueryVectors(5, new float[5]), 1)).Message.ShouldContain("4 components; the queries have 5");
        Should.Throw<ArgumentException>(() => new QueryVectors(2, [1f, 2f, 3f])).Message.ShouldContain("3 values are not a whole number");
        Should.Throw<ArgumentException>(() => new QueryVectors(2, [1f, float.NaN])).Message.ShouldContain("Query 0 has NaN at component 1");
        Should.Throw<ArgumentException>(() => new ExactSearch(VectorMetric.Cosine, new QueryVectors(2, [1f, 0f, 0f, 0f]), 1)).Message.ShouldContain("Query 1 has no direction");
        Should.Throw<ArgumentException>(() => new VectorBatch(VectorData.Batch([1f], 1).Column(0), [])).Message.ShouldContain("1 rows; 0 row ids");
        var builder = new RecordBatchBuilder(new ArrowSchema([new ArrowField("n", ArrowType.Of(ArrowKind.Int64))]));
        Should.Throw<ArgumentException>(() => new VectorBatch(builder.Build().Column(0), 0)).Message.ShouldContain("fixed-size lists of float32");
    }

    [Fact]
    public void Search_ends_when_cancelled()
    {
        var batch = VectorData.Batches(VectorData.Random(10_000, 4, 1), 4, 10_000)[0];
        var search = new ExactSearch(VectorMetric.L2, new QueryVectors(4, new float[4]), 1);
        Should.Throw<OperationCanceledException>(() => search.Observe(batch, new CancellationToken(canceled: true)));
    }

    private static IReadOnlyList<IReadOnlyList<Neighbor>> Search(
        VectorMetric metric, IEnumerable<VectorBatch> batches, QueryVectors queries, int k, Predicate<long>? accept = null, int? threads = null)
    {
        var search = new ExactSearch(metric, queries, k, accept, threads);
        foreach (var batch in batches)
            search.Observe(batch);
        return search.Results();
    }
}
