using EventMl.Arrow;
using EventMl.Data.Quality;
using Shouldly;
using Xunit;

namespace EventMl.Data.Tests.Quality;

public sealed class SuiteEvaluationTests
{
    private static readonly ArrowField[] s_fields =
    [
        Tables.Integer("id"), Tables.Number("age"), Tables.Text("country"), Tables.Text("email"), new ArrowField("at", ArrowType.Timestamp(ArrowTimeUnit.Second, "UTC")),
    ];

    private static readonly SuiteContext s_context = new() { Now = DateTimeOffset.FromUnixTimeSeconds(10_000) };

    private static readonly object?[][] s_rows =
    [
        [1, 30.0, "DE", "a***@***", 1000L],
        [2, 200.0, "FR", "b***@***", 2000L],
        [2, null, "de", null, 3000L],
        [4, double.NaN, null, "bob@example.com", 4000L],
        [null, 20.0, "FR", "c***@***", 5000L],
    ];

    [Theory]
    [InlineData("{expect: not_null, column: id}", "4")]
    [InlineData("{expect: range, column: age, min: 0, max: 120}", "1, 3")]
    [InlineData("{expect: range, column: age, min: 25}", "3-4")]
    [InlineData("{expect: range, column: at, max: '1970-01-01T00:50:00Z'}", "3-4")]
    [InlineData("{expect: set, column: country, values: [DE, FR]}", "2")]
    [InlineData("{expect: set, column: id, values: [1, 4]}", "1-2")]
    [InlineData("{expect: regex, column: country, pattern: '^[A-Z]{2}$'}", "2")]
    [InlineData("{expect: unique, column: id}", "2")]
    [InlineData("{expect: unique, columns: [id, country]}", "")]
    [InlineData("{expect: policy, columns: {email: masked}}", "3", "policy.email")]
    [InlineData("{expect: policy, columns: {email: hashed}}", "0-1, 3-4", "policy.email")]
    public void Finds_exactly_the_failing_rows(string expectation, string rows, string? id = null)
    {
        var (report, verdicts) = Judge($"{expectation[..^1]}, on_fail: quarantine}}");
        var result = report.Expectations.Single();
        result.Failing.ToString().ShouldBe(rows);
        result.FailingRows.ShouldBe(result.Failing.Count());
        report.Quarantined.ToString().ShouldBe(rows);
        report.Outcome.ShouldBe(rows.Length == 0 ? Outcome.Passed : Outcome.Quarantined);
        var reasons = verdicts.SelectMany(v => Enumerable.Range(0, v.Length).Where(v.IsQuarantined).Select(r => (Row: v.FirstRow + r, v.Reasons(r).Single().Expectation))).ToList();
        reasons.Select(r => r.Row).ShouldBe(result.Failing.Rows());
        reasons.ShouldAllBe(r => r.Expectation == (id ?? result.Id));
    }

    [Theory]
    [InlineData("{expect: schema, columns: {id: int64, age: any}}", true, "5 columns")]
    [InlineData("{expect: schema, columns: {id: int32, name: string}}", false, "'id' is int64; 'name' is missing")]
    [InlineData("{expect: schema, columns: {id: int64}, exact: true}", false, "'age' was not expected; 'country' was not expected; 'email' was not expected; 'at' was not expected")]
    [InlineData("{expect: row_count, min: 5, max: 5}", true, "5 rows")]
    [InlineData("{expect: row_count, min: 6}", false, "5 rows")]
    [InlineData("{expect: mean, column: id, min: 2, max: 3}", true, "2.25")]
    [InlineData("{expect: mean, column: id, max: 2}", false, "2.25")]
    [InlineData("{expect: quantile, column: age, q: 0.5, max: 30}", true, "30")]
    [InlineData("{expect: quantile, column: age, q: 1, max: 30}", false, "200")]
    [InlineData("{expect: mean, column: country, max: 2}", false, "column 'country' is string; 'mean' judges numbers")]
    [InlineData("{expect: mean, column: name, max: 2}", false, "column 'name' is missing")]
    [InlineData("{expect: freshness, column: at, max_age: 2h}", true, "last instant 1970-01-01T01:23:20Z, 1.39 h before now")]
    [InlineData("{expect: freshness, column: at, max_age: 1h}", false, "last instant 1970-01-01T01:23:20Z, 1.39 h before now")]
    [InlineData("{expect: policy, columns: {ssn: dropped}}", true, "no such column")]
    [InlineData("{expect: policy, columns: {email: dropped}}", false, "column 'email'")]
    [InlineData("{expect: policy, columns: {E-Mail: dropped}}", true, "no such column")]
    [InlineData("{expect: policy, columns: {E-Mail: forbidden}}", false, "column 'email'")]
    [InlineData("{expect: pii}", false, "email in 'email' (1 values, confidence 1)")]
    [InlineData("{expect: pii, allow: [email]}", true, "none found")]
    [InlineData("{expect: pii, columns: [country, age]}", true, "none found")]
    [InlineData("{expect: distribution, column: age}", false, "no reference profile was given")]
    [InlineData("{expect: range, column: country, max: 1}", false, "column 'country' is string; 'range' judges numbers where the bounds are numbers")]
    [InlineData("{expect: set, column: id, values: [x]}", false, "'x' is no int64, the type of column 'id'")]
    [InlineData("{expect: regex, column: nobody, pattern: x}", false, "column 'nobody' is missing")]
    public void Judges_the_whole_dataset_and_says_what_it_found(string expectation, bool passed, string observed)
    {
        var report = Judge(expectation).Report;
        report.Expectations[0].Observed.ShouldBe(observed);
        report.Expectations[0].Passed.ShouldBe(passed);
        report.Outcome.ShouldBe(passed ? Outcome.Passed : Outcome.Failed);
    }

    [Theory]
    [InlineData("", Outcome.Failed, false)]
    [InlineData(", mostly: 0.5", Outcome.Passed, true)]
    [InlineData(", mostly: 0.9", Outcome.Failed, false)]
    [InlineData(", on_fail: warn", Outcome.Warned, false)]
    [InlineData(", severity: info", Outcome.Warned, false)]
    [InlineData(", on_fail: quarantine", Outcome.Quarantined, false)]
    [InlineData(", on_fail: quarantine, mostly: 0.5", Outcome.Quarantined, true)]
    [InlineData(", on_fail: quarantine, mostly: 0.9", Outcome.Failed, false)]
    [InlineData(", on_fail: quarantine, mostly: 0.9, severity: warning", Outcome.Warned, false)]
    public void Follows_threshold_severity_and_on_fail(string keys, Outcome outcome, bool passed)
    {
        var report = Judge($"{{expect: not_null, column: id{keys}}}").Report;
        report.Outcome.ShouldBe(outcome);
        report.Expectations[0].Passed.ShouldBe(passed);
        report.Expectations[0].Value.ShouldBe(0.8);
    }

    [Fact]
    public void Masks_examples_when_they_are_personal_data()
    {
        var report = Judge("{expect: regex, column: email, pattern: '^$'}", "{expect: set, column: country, values: [XX]}").Report;
        report.Expectations[0].Examples.Select(e => e.Value).ShouldBe(["a***@***", "b***@***", "b***@***", "c***@***"]);
        report.Expectations[1].Examples.ShouldBe([new RowExample(0, "DE"), new RowExample(1, "FR"), new RowExample(2, "de"), new RowExample(4, "FR")]);
        QualityJson.Write(report).ShouldNotContain("bob@example.com");
    }

    [Fact]
    public void Compares_distributions_with_the_reference()
    {
        var random = new Random(1);
        var field = Tables.Number("x");
        var (normal, same, shifted) = (Batch(0), Batch(0), Batch(1));
        var profiler = new Profiler(normal.Schema);
        profiler.Observe(normal);
        var context = s_context with { Reference = profiler.Build() };
        foreach (var test in new[] { "psi", "ks" })
        {
            var suite = Suite($"{{expect: distribution, column: x, test: {test}}}");
            SuiteEvaluation.Evaluate(suite, same.Schema, [same], context).Outcome.ShouldBe(Outcome.Passed);
            SuiteEvaluation.Evaluate(suite, same.Schema, [shifted], context).Outcome.ShouldBe(Outcome.Failed);
        }

        RecordBatch Batch(double shift) => Tables.Column(field, Enumerable.Range(0, 20_000).Select(_ => (object?)(shift + Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))));
    }

    [Fact]
    public void Says_so_when_keys_are_too_many_to_judge_uniqueness()
    {
        var batch = Tables.Column(Tables.Integer("id"), Enumerable.Range(0, 100).Cast<object?>());
        var report = SuiteEvaluation.Evaluate(Suite("{expect: unique, column: id}"), batch.Schema, [batch], s_context with { MaxUniqueKeys = 50 });
        report.Outcome.ShouldBe(Outcome.Failed);
        report.Expectations[0].Observed.ShouldContain("there are 50 different keys, and more are not kept in memory");
    }

    [Fact]
    public void Reports_exactly_the_planted_rows_when_a_suite_is_tightened_over_five_versions()
    {
        var loose = Suite("{expect: range, column: age, min: 0, max: 200, on_fail: quarantine}");
        var tight = Suite("{expect: range, column: age, min: 0, max: 120, on_fail: quarantine}", "{expect: not_null, column: country, on_fail: quarantine}");
        for (var version = 0; version < 5; version++)
        {
            var random = new Random(version);
            var (tooOld, noCountry, ancient) = (Planted(random), Planted(random), Planted(random));
            var rows = Enumerable.Range(0, 3000).Select(i => new object?[] { i, ancient.Contains(i) ? 500.0 : tooOld.Contains(i) ? 150.0 : 40.0, noCountry.Contains(i) ? null : "DE", null, 0L });
            RecordBatch[] batches = [.. rows.Chunk(700).Select(c => Tables.Of(s_fields, c))];
            var (before, after) = (Report(loose, batches), Report(tight, batches));
            var comparison = SuiteComparison.Of(before, after);
            before.Quarantined.Rows().ShouldBe(ancient.Order().Select(i => (long)i));
            comparison.NewlyQuarantined.Rows().ShouldBe(tooOld.Union(noCountry).Except(ancient).Order().Select(i => (long)i));
            comparison.Released.Count().ShouldBe(0);
            comparison.Changes.Select(c => c.Id).ShouldBe(["range.age", "not_null.country"]);
            comparison.Changes[0].NewlyFailing.Rows().ShouldBe(tooOld.Except(ancient).Order().Select(i => (long)i));
            comparison.Changes[1].NewlyFailing.Rows().ShouldBe(noCountry.Order().Select(i => (long)i));
            SuiteComparison.Of(after, before).Released.Rows().ShouldBe(comparison.NewlyQuarantined.Rows());
        }

        static HashSet<int> Planted(Random random) => [.. Enumerable.Range(0, 20).Select(_ => random.Next(3000))];

        static SuiteReport Report(QualitySuite suite, RecordBatch[] batches) => SuiteEvaluation.Evaluate(suite, batches[0].Schema, batches, s_context);
    }

    [Fact]
    public void Keeps_reports_as_JSON()
    {
        var report = Judge("{expect: not_null, column: id, on_fail: quarantine}", "{expect: row_count, min: 9}").Report;
        var json = QualityJson.Write(report);
        json.ShouldContain("\"on_fail\": \"quarantine\"");
        QualityJson.Write(QualityJson.Read<SuiteReport>(json)).ShouldBe(json);
    }

    private static QualitySuite Suite(params string[] expectations) =>
        QualitySuite.Parse("suite: quality/1\nname: test\nexpectations:\n" + string.Concat(expectations.Select(e => $"  - {e}\n")));

    private static (SuiteReport Report, List<BatchVerdict> Verdicts) Judge(params string[] expectations)
    {
        var evaluation = new SuiteEvaluation(Suite(expectations), new ArrowSchema(s_fields), s_context);
        var verdicts = s_rows.Chunk(2).Select(rows => evaluation.Observe(Tables.Of(s_fields, rows))).ToList();
        return (evaluation.Complete(), verdicts);
    }
}
