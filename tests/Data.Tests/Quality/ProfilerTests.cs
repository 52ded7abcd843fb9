using EventMl.Arrow;
using EventMl.Data.Quality;
using Shouldly;
using Xunit;

namespace EventMl.Data.Tests.Quality;

public sealed class ProfilerTests
{
    [Fact]
    public void Equals_exact_statistics_when_values_are_many_and_skewed()
    {
        var values = Skewed(200_000, seed: 7);
        var numeric = Profile(values).Columns[0].Numeric!;
        var sorted = values.Order().ToArray();
        var mean = values.Average();
        numeric.Min.ShouldBe(sorted[0]);
        numeric.Max.ShouldBe(sorted[^1]);
        numeric.Mean!.Value.ShouldBe(mean, Math.Abs(mean) * 1e-12);
        var deviation = Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1));
        numeric.Stddev!.Value.ShouldBe(deviation, deviation * 1e-10);
        numeric.RankError.ShouldBeInRange(1e-9, 0.005);
        AssertRanks(numeric, sorted);
    }

    [Fact]
    public void Keeps_the_deviation_when_a_large_offset_would_swallow_it()
    {
        var numeric = Profile([.. Enumerable.Range(0, 10_000).Select(i => 1e9 + (i % 2))]).Columns[0].Numeric!;
        numeric.Stddev!.Value.ShouldBe(0.5 * Math.Sqrt(10_000 / 9_999.0), 1e-9);
    }

    [Fact]
    public void Merge_of_parts_equals_the_whole_within_the_stated_error()
    {
        var random = new Random(11);
        for (var round = 0; round < 10; round++)
        {
            var values = Skewed(random.Next(1, 60_000), round);
            var cut = random.Next(values.Length + 1);
            var left = Observed(values[..cut]);
            left.Merge(Observed(values[cut..]));
            var (merged, whole) = (left.Build().Columns[0], Profile(values).Columns[0]);
            merged.Count.ShouldBe(whole.Count);
            merged.Numeric!.Mean!.Value.ShouldBe(whole.Numeric!.Mean!.Value, 1e-9 * Math.Abs(whole.Numeric.Mean.Value));
            merged.Numeric.Stddev!.Value.ShouldBe(whole.Numeric.Stddev!.Value, 1e-9 * whole.Numeric.Stddev.Value);
            merged.Numeric.Min.ShouldBe(whole.Numeric.Min);
            merged.Numeric.Max.ShouldBe(whole.Numeric.Max);
            merged.Distinct!.Value.ShouldBe(whole.Distinct!.Value);
            AssertRanks(merged.Numeric, [.. values.Order()]);
        }
    }

    [Fact]
    public void Gives_the_same_profile_when_batches_are_cut_otherwise_or_repeated()
    {
        var values = Skewed(30_000, seed: 3);
        var once = QualityJson.Write(Profile(values));
        QualityJson.Write(Profile(values)).ShouldBe(once);
        var other = Observed([]);
        foreach (var chunk in values.Chunk(777))
            other.Observe(Batch(chunk));
        var (parts, whole) = (other.Build().Columns[0], Profile(values).Columns[0]);
        parts.Numeric!.Percentiles.ShouldBe(whole.Numeric!.Percentiles);
        parts.Top.ShouldBe(whole.Top);
    }

    [Theory]
    [InlineData(9_999, true)]
    [InlineData(50_000, false)]
    [InlineData(400_000, false)]
    public void Counts_distinct_values_within_three_standard_errors(int distinct, bool exact)
    {
        var profiler = new Profiler(new ArrowSchema([Tables.Integer("x")]));
        profiler.Observe(Tables.Column(Tables.Integer("x"), Enumerable.Range(0, distinct).Concat(Enumerable.Range(0, distinct / 2)).Select(i => (object?)(i * 7919L))));
        var count = profiler.Build().Columns[0].Distinct!;
        count.Exact.ShouldBe(exact);
        ((double)count.Value).ShouldBe(distinct, exact ? 0.1 : 3 * count.StandardError * distinct);
    }

    [Fact]
    public void Finds_frequent_values_within_the_stated_error_when_most_values_are_rare()
    {
        var random = new Random(5);
        var values = Enumerable.Range(0, 100_000).Select(i => i % 10 == 0 ? "often" : i % 20 == 1 ? "sometimes" : "rare-" + random.Next()).ToArray();
        var profiler = new Profiler(new ArrowSchema([Tables.Text("x")]));
        profiler.Observe(Tables.Column(Tables.Text("x"), values));
        var column = profiler.Build().Columns[0];
        column.Top[0].Value.ShouldBe("often");
        column.Top[0].Count.ShouldBeInRange(10_000 - column.TopMissed, 10_000);
        column.Top[1].Value.ShouldBe("sometimes");
        column.TopMissed.ShouldBeInRange(1, 100_000 / 512);
        column.ListsAllValues().ShouldBeFalse();
    }

    [Fact]
    public void Leaves_NaN_and_infinities_out_but_counts_them()
    {
        var column = Profile([1, double.NaN, 3, double.PositiveInfinity, double.NegativeInfinity]).Columns[0];
        column.Numeric!.ShouldSatisfyAllConditions(
            n => n.Finite.ShouldBe(2), n => n.Nan.ShouldBe(1), n => n.Infinite.ShouldBe(2), n => n.Mean.ShouldBe(2), n => n.Max.ShouldBe(3));
        QualityJson.Read<DatasetProfile>(QualityJson.Write(Profile([1, double.NaN]))).Columns[0].Numeric!.Nan.ShouldBe(1);
    }

    [Fact]
    public void Shows_the_extremes_of_double_without_overflow()
    {
        var numeric = Profile([double.MaxValue, double.MinValue, double.MaxValue, double.MinValue]).Columns[0].Numeric!;
        numeric.Mean.ShouldBe(0);
        numeric.Histogram.Sum().ShouldBe(4);
        numeric.Histogram[0].ShouldBe(2);
        numeric.Histogram[^1].ShouldBe(2);
    }

    [Fact]
    public void Histogram_counts_each_bin_exactly_when_values_are_few()
    {
        var numeric = Profile([.. Enumerable.Range(0, 2001).Select(i => i / 100.0)]).Columns[0].Numeric!;
        numeric.Histogram.Count.ShouldBe(20);
        numeric.Histogram.Sum().ShouldBe(2001);
        numeric.Histogram.ShouldAllBe(count => count == 100 || count == 101);
    }

    [Fact]
    public void Profiles_text_by_characters_and_dates_by_instants()
    {
        var fields = new[] { Tables.Text("t"), new ArrowField("d", ArrowType.Of(ArrowKind.Date32)), new ArrowField("b", ArrowType.Of(ArrowKind.Bool)) };
        var profiler = new Profiler(new ArrowSchema(fields));
        profiler.Observe(Tables.Of(fields, ["", 0, true], ["äöü", 19_000, false], ["日本語x", null, true], [null, -1, null]));
        var profile = profiler.Build();
        profile.Columns[0].Lengths!.ShouldBe(new LengthProfile(0, 4, profile.Columns[0].Lengths!.Mean, 1));
        profile.Columns[0].Lengths!.Mean.ShouldBe(7 / 3.0, 1e-12);
        profile.Columns[1].Instants.ShouldBe(new InstantRange("1969-12-31T00:00:00Z", "2022-01-08T00:00:00Z"));
        profile.Columns[1].Top.Select(v => v.Value).ShouldBe(["1969-12-31", "1970-01-01", "2022-01-08"]);
        profile.Columns[2].Top.ShouldBe([new ValueCount("true", 2), new ValueCount("false", 1)]);
        profile.Columns[2].Nulls.ShouldBe(1);
        profile.Preview[1].ShouldBe("""{"t":"äöü","d":"2022-01-08","b":false}""");
    }

    private static void AssertRanks(NumericProfile numeric, double[] sorted)
    {
        for (var p = 0; p <= 100; p++)
        {
            var value = numeric.Percentiles[p];
            var (below, upTo) = (sorted.Count(v => v < value), sorted.Count(v => v <= value));
            var (wanted, allowed) = (p / 100.0 * sorted.Length, (numeric.RankError * sorted.Length) + 1);
            wanted.ShouldBeInRange(below - allowed, upTo + allowed, $"percentile {p}");
        }
    }

    private static DatasetProfile Profile(double[] values) => Observed(values).Build();

    private static Profiler Observed(double[] values)
    {
        var profiler = new Profiler(new ArrowSchema([Tables.Number("x")]));
        profiler.Observe(Batch(values));
        return profiler;
    }

    private static RecordBatch Batch(double[] values) => Tables.Column(Tables.Number("x"), values.Cast<object?>());

    private static double[] Skewed(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Math.Exp(3 * (random.NextDouble() + random.NextDouble())) - 5)];
    }
}
