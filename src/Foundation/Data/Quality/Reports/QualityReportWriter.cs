using System.Globalization;
using System.Text;

namespace EventMl.Data.Quality;

/// <summary>Writes quality reports as JSON, Markdown and one HTML page without scripts or other files; personal data in profiles are masked.</summary>
public static class QualityReportWriter
{
    /// <summary>The report as JSON.</summary>
    public static string Json(QualityReport report) => QualityJson.Write(Masked(report));

    /// <summary>The report as one self-contained page that follows the reader's light or dark setting.</summary>
    public static string Html(QualityReport report) => HtmlReport.Write(Masked(report));

    /// <summary>The report as Markdown.</summary>
    public static string Markdown(QualityReport report)
    {
        report = Masked(report);
        var text = new StringBuilder();
        Line($"# Quality of {Escape(report.Dataset)} at {Escape(report.Version)}");
        Line($"{report.At:yyyy-MM-dd HH:mm:ss} UTC");
        if (report.Suite is { } suite)
        {
            Line($"\n## Suite {Escape(suite.Suite)}: {Words.Of(suite.Outcome)}");
            Line($"{suite.Rows} rows judged, {suite.Quarantined.Count()} put aside.\n");
            Table(["expectation", "outcome", "severity", "expected", "observed", "first failing rows"],
                suite.Expectations.Select(e => new[] { e.Id, Words.Of(e.Outcome), Words.Of(e.Severity), e.Expected, e.Observed, string.Join("; ", e.Examples.Select(x => $"{x.Row}: {x.Value}")) }));
        }

        if (report.Anomalies.Count > 0)
        {
            Line("\n## Unusual for this dataset\n");
            foreach (var anomaly in report.Anomalies)
                Line($"- {Words.Of(anomaly.Kind)}: {Escape(anomaly.Message)}");
        }

        if (report.Pii is { Findings.Count: > 0 } pii)
        {
            Line("\n## Personal data\n");
            Table(["column", "kind", "values", "share", "confidence", "samples"],
                pii.Findings.Select(f => new[] { f.Column, Words.Of(f.Kind), Show(f.Matches), Percent(f.Share), Show(f.Confidence), string.Join(", ", f.Samples) }));
        }

        if (report.Profile is { } profile)
        {
            Line($"\n## Profile: {profile.Rows} rows\n");
            Table(["column", "type", "nulls", "distinct", "min", "median", "max", "mean", "stddev", "most frequent"], profile.Columns.Select(c => new[]
            {
                c.Name, c.Type, Percent(c.NullShare()), Distinct(c), Low(c), Median(c), High(c), Show(c.Instants is null ? c.Numeric?.Mean : null), Show(c.Instants is null ? c.Numeric?.Stddev : null),
                string.Join(", ", c.Top.Take(3).Select(v => $"{v.Value} ({v.Count})")),
            }));
        }

        return text.ToString();

        void Line(string line) => text.Append(line).Append('\n');

        void Table(string[] head, IEnumerable<string[]> rows)
        {
            Line($"| {string.Join(" | ", head)} |\n|{string.Concat(Enumerable.Repeat("---|", head.Length))}");
            foreach (var row in rows)
                Line($"| {string.Join(" | ", row.Select(Escape))} |");
        }
    }

    internal static string Distinct(ColumnProfile column) => column.Distinct is { } distinct ? (distinct.Exact ? "" : "~") + Show(distinct.Value) : "";

    internal static string Low(ColumnProfile column) => column.Instants?.Earliest ?? Show(column.Numeric?.Min);

    internal static string High(ColumnProfile column) => column.Instants?.Latest ?? Show(column.Numeric?.Max);

    internal static string Median(ColumnProfile column) => column.Numeric is { Percentiles.Count: > 0 } numbers
        ? column.Instants is null ? Show(numbers.Percentiles[50]) : ClockText.Instant(numbers.Percentiles[50])
        : "";

    internal static string Show(double? value) => value is { } number ? number.ToString("G6", CultureInfo.InvariantCulture) : "";

    internal static string Show(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    internal static string Percent(double share) => share.ToString("0.##%", CultureInfo.InvariantCulture);

    private static QualityReport Masked(QualityReport report) => report.Profile is null ? report : report with { Profile = ProfileMask.Mask(report.Profile, report.Pii) };

    // Values come from anywhere: they must neither end a cell nor become markup.
    private static string Escape(string value)
    {
        var text = new StringBuilder();
        foreach (var c in value)
        {
            if ("\\`*_{}[]<>|#&!~".Contains(c, StringComparison.Ordinal))
                text.Append('\\');
            text.Append(c is '\n' or '\r' ? ' ' : c);
        }

        return text.ToString();
    }
}
