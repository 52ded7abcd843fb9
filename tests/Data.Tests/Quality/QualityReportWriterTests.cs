using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using EventMl.Arrow;
using EventMl.Data.Quality;
using Shouldly;
using Xunit;

namespace EventMl.Data.Tests.Quality;

public sealed class QualityReportWriterTests
{
    private const string Hostile = "<script>alert('x')</script>|`*\n# \"&";

    [Fact]
    public void Writes_one_page_without_scripts_or_other_files_in_which_every_value_is_escaped()
    {
        var html = QualityReportWriter.Html(Report());
        html.ShouldNotContain("<script");
        html.ShouldContain("&lt;script&gt;alert(");
        Regex.IsMatch(html, "(src|href|url\\()", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)).ShouldBeFalse();
        html.ShouldContain("prefers-color-scheme: dark");

        // The page's body is well-formed, so nothing of a value became markup.
        var body = html[html.IndexOf("<main>", StringComparison.Ordinal)..html.IndexOf("</body>", StringComparison.Ordinal)].Replace("<br>", "<br/>", StringComparison.Ordinal);
        var page = XDocument.Parse(body);
        page.Descendants("section").Count().ShouldBe(5);
        page.Descendants("h1").Single().Value.ShouldBe(Hostile);
    }

    [Fact]
    public void Hides_personal_data_in_every_format()
    {
        foreach (var text in new[] { QualityReportWriter.Html(Report()), QualityReportWriter.Markdown(Report()), QualityReportWriter.Json(Report()) })
        {
            text.ShouldNotContain("jane7@example.com");
            text.Replace("\\", "", StringComparison.Ordinal).ShouldContain("j***@***");
        }
    }

    [Fact]
    public void Writes_Markdown_whose_tables_hold_whatever_the_values_are()
    {
        var lines = QualityReportWriter.Markdown(Report()).Split('\n');
        var rows = lines.Where(l => l.StartsWith('|')).ToArray();
        rows.Length.ShouldBeGreaterThan(10);
        foreach (var table in rows.GroupBy(r => Cells(r)))
            table.Key.ShouldBeOneOf(6, 10);
        lines.ShouldContain("## Suite orders: failed");
        lines.Count(l => l.StartsWith("# ", StringComparison.Ordinal)).ShouldBe(1);

        static int Cells(string row) => Regex.Count(row, @"(?<!\\)\|", RegexOptions.None, TimeSpan.FromSeconds(1)) - 1;
    }

    [Fact]
    public void Writes_JSON_that_reads_back() =>
        QualityJson.Read<QualityReport>(QualityReportWriter.Json(Report())).Suite!.Expectations.Count.ShouldBe(5);

    private static QualityReport Report()
    {
        ArrowField[] fields = [Tables.Integer("order"), Tables.Number("amount"), Tables.Text("email"), new("at", ArrowType.Timestamp(ArrowTimeUnit.Second, "UTC")), Tables.Text(Hostile)];
        var random = new Random(8);
        var rows = Enumerable.Range(0, 4000).Select(i => new object?[]
        {
            i, i % 400 == 3 ? -5.0 : Math.Exp(3 + random.NextDouble() + random.NextDouble() + random.NextDouble()), i % 50 == 0 ? null : $"jane{i % 1000}@example.com", 1_760_000_000L + (i * 977L), i % 3 == 0 ? Hostile : "plain",
        });
        var batch = Tables.Of(fields, rows);
        var suite = QualitySuite.Parse("""
            suite: quality/1
            name: orders
            expectations:
              - { expect: not_null, column: email, mostly: 0.95 }
              - { expect: range, column: amount, min: 0, on_fail: quarantine }
              - { expect: set, column: "<script>alert('x')</script>|`*\n# \"&", values: [plain], severity: warning }
              - { expect: unique, column: order }
              - { expect: pii }
            """);
        var context = new SuiteContext { Now = DateTimeOffset.Parse("2026-03-01T12:00:00Z", CultureInfo.InvariantCulture) };
        var (profiler, scanner) = (new Profiler(batch.Schema, previewRows: 5), new PiiScanner(batch.Schema));
        profiler.Observe(batch);
        scanner.Observe(batch);
        return new QualityReport
        {
            Dataset = Hostile,
            Version = "7 (3f9a1c)",
            At = context.Now,
            Profile = profiler.Build(),
            Suite = SuiteEvaluation.Evaluate(suite, batch.Schema, [batch], context),
            Pii = scanner.Build(),
            Anomalies = [new Anomaly(AnomalyKind.Volume, null, 9, 3.5, $"4000 rows; the last 10 versions have a median of 1000 {Hostile}")],
        };
    }
}
