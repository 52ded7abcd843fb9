using EventMl.Arrow;
using EventMl.Data.Quality;
using Shouldly;
using Xunit;

namespace EventMl.Data.Tests.Quality;

public sealed class AnomalyDetectorTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(1000, null)]
    [InlineData(1040, null)]
    [InlineData(400, AnomalyKind.Volume)]
    [InlineData(3000, AnomalyKind.Volume)]
    public void Flags_volume_when_it_is_far_from_former_versions(int rows, AnomalyKind? kind) =>
        Kinds(Version(rows), [1000, 1010, 990, 1005, 1000, 995]).ShouldBe(kind is null ? [] : [kind.Value]);

    [Theory]
    [InlineData(7000, true)]
    [InlineData(6000, true)]
    [InlineData(30_000, false)]
    public void Takes_steady_growth_for_usual(int rows, bool usual) =>
        Kinds(Version(rows), [1000, 2000, 3000, 4000, 5000, 6000]).ShouldBe(usual ? [] : [AnomalyKind.Volume]);

    [Fact]
    public void Judges_no_volume_when_history_is_short() => Kinds(Version(400), [1000, 1000]).ShouldBeEmpty();

    [Fact]
    public void Flags_freshness_when_the_usual_time_passed_several_times()
    {
        var history = History([1000, 1000, 1000, 1000, 1000]);
        var last = history[^1].CommittedAt;
        AnomalyDetector.Detect(Version(1000), history, last.AddHours(25)).ShouldBeEmpty();
        AnomalyDetector.Detect(Version(1000), history, last.AddDays(5)).Single().Kind.ShouldBe(AnomalyKind.Freshness);
    }

    [Fact]
    public void Flags_drift_of_numbers_and_of_categories_but_not_chance()
    {
        var history = History([2000, 2000, 2000, 2000, 2000]);
        Detect(Version(2000, seed: 99)).ShouldBeEmpty();
        Detect(Version(2000, shift: 1)).Select(a => (a.Kind, a.Column)).ShouldBe([(AnomalyKind.Drift, "x")]);
        Detect(Version(2000, favourite: "d")).Select(a => (a.Kind, a.Column)).ShouldBe([(AnomalyKind.Drift, "c")]);

        IReadOnlyList<Anomaly> Detect(DatasetProfile profile) => AnomalyDetector.Detect(profile, history, history[^1].CommittedAt.AddDays(1));
    }

    [Fact]
    public void Calls_nothing_drift_when_versions_are_tiny()
    {
        var history = History([8, 8, 8, 8, 8]);
        for (var seed = 0; seed < 20; seed++)
            AnomalyDetector.Detect(Version(8, seed: 1000 + seed), history, history[^1].CommittedAt.AddDays(1)).ShouldBeEmpty();
    }

    [Fact]
    public void Flags_null_rates_and_columns_that_changed()
    {
        var history = History([1000, 1000, 1000, 1000]);
        var now = history[^1].CommittedAt.AddDays(1);
        AnomalyDetector.Detect(Version(1000, nulls: 0.2), history, now).Select(a => (a.Kind, a.Column)).ShouldBe([(AnomalyKind.NullRate, "x")]);
        var without = Version(1000);
        without = without with { Columns = [without.Columns[0]] };
        AnomalyDetector.Detect(without, history, now).Single().Message.ShouldBe("column 'c' is gone");
    }

    [Theory]
    [InlineData(OutlierMethod.Iqr, 3)]
    [InlineData(OutlierMethod.RobustZ, 5)]
    public void Finds_exactly_the_planted_outliers(OutlierMethod method, double threshold)
    {
        var random = new Random(4);
        var values = Enumerable.Range(0, 10_000).Select(i => i % 1000 == 7 ? (i % 2000 == 7 ? 60.0 : -60.0) : random.NextDouble() + random.NextDouble() + random.NextDouble()).ToArray();
        RecordBatch[] batches = [.. values.Chunk(999).Select(c => Tables.Column(Tables.Number("x"), c.Cast<object?>()))];
        var profiler = new Profiler(batches[0].Schema);
        foreach (var batch in batches)
            profiler.Observe(batch);
        var detector = new OutlierDetector(profiler.Build(), method, threshold);
        batches.SelectMany(detector.Observe).Select(o => o.Row).ShouldBe(Enumerable.Range(0, 10).Select(i => (i * 1000L) + 7));
    }

    [Fact]
    public void Isolates_rows_that_are_odd_only_in_combination()
    {
        var random = new Random(6);
        ArrowField[] fields = [Tables.Number("x"), Tables.Number("y")];
        // x and y rise together; the planted rows are usual in each alone.
        var rows = Enumerable.Range(0, 5000).Select(i => (X: random.NextDouble(), Y: 0.05 * random.NextDouble(), Planted: i % 1000 == 5))
            .Select(r => r.Planted ? new object?[] { 0.05, 0.95 } : [r.X, r.X + r.Y]).ToArray();
        RecordBatch[] batches = [.. rows.Chunk(1024).Select(c => Tables.Of(fields, c))];
        var scores = batches.SelectMany(IsolationForest.Fit(batches, ["x", "y"]).Score).ToArray();
        scores.Select((s, i) => (Score: s, Row: i)).OrderByDescending(s => s.Score).Take(5).Select(s => s.Row).Order().ShouldBe([5, 1005, 2005, 3005, 4005]);
        batches.SelectMany(IsolationForest.Fit(batches, ["x", "y"]).Score).ShouldBe(scores);
        Should.Throw<ArgumentException>(() => IsolationForest.Fit([], ["x"]));
    }

    private static IEnumerable<AnomalyKind> Kinds(DatasetProfile current, int[] rows)
    {
        var history = History(rows);
        return AnomalyDetector.Detect(current, history, history[^1].CommittedAt.AddDays(1)).Select(a => a.Kind);
    }

    private static FormerVersion[] History(int[] rows) => [.. rows.Select((r, i) => new FormerVersion(Version(r, seed: i), s_start.AddDays(i)))];

    private static DatasetProfile Version(int rows, int seed = 50, double shift = 0, string favourite = "a", double nulls = 0.01)
    {
        var random = new Random(seed);
        ArrowField[] fields = [Tables.Number("x"), Tables.Text("c")];
        var profiler = new Profiler(new ArrowSchema(fields), previewRows: 0);
        profiler.Observe(Tables.Of(fields, Enumerable.Range(0, rows).Select(i => new object?[]
        {
            i < nulls * rows ? null : shift + random.NextDouble() + random.NextDouble(), random.Next(2) == 0 ? favourite : ((char)('a' + random.Next(4))).ToString(),
        })));
        return profiler.Build();
    }
}
