using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace EventMl.Data.Quality;

/// <summary>Writes a report as one HTML page: inline style and SVG, no script, every value escaped.</summary>
internal static class HtmlReport
{
    private const int Bins = 20;

    private const string Style = """
        :root { color-scheme: light dark; --ink: #1c2430; --soft: #5d6878; --line: #dfe4ea; --card: #fff; --page: #f5f7f9; --bar: #3b76c4;
          --good: #1b7f4b; --warn: #a86400; --aside: #6b4bc3; --bad: #c02b2b; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #98a3b3; --line: #2c3542; --card: #1a212b; --page: #12171e; --bar: #6ea3e8;
          --good: #52c58a; --warn: #e0a545; --aside: #a58cf0; --bad: #f07575; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
        main { max-width: 1100px; margin: 0 auto; padding: 32px 20px 64px; }
        h1 { font-size: 26px; margin: 0; } h2 { font-size: 18px; margin: 36px 0 12px; } h3 { font-size: 15px; margin: 0; overflow-wrap: anywhere; }
        .soft { color: var(--soft); } .facts { display: flex; flex-wrap: wrap; gap: 12px; margin-top: 20px; }
        .fact, .card, .wide { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
        .fact { padding: 12px 18px; min-width: 130px; } .fact b { display: block; font-size: 22px; font-variant-numeric: tabular-nums; }
        .cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: 12px; } .card { padding: 14px 16px; }
        .wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
        th { text-align: left; color: var(--soft); font-weight: 500; } th, td { padding: 7px 12px; border-bottom: 1px solid var(--line); vertical-align: top; }
        .wide tr:last-child td { border-bottom: 0; } .card table { margin-top: 8px; } .card td { padding: 2px 0; border: 0; overflow-wrap: anywhere; }
        .card td + td { text-align: right; font-variant-numeric: tabular-nums; padding-left: 12px; }
        .tag { display: inline-block; padding: 0 9px; border-radius: 9px; border: 1px solid; font-size: 12.5px; white-space: nowrap; }
        .passed { color: var(--good); } .warned { color: var(--warn); } .quarantined { color: var(--aside); } .failed { color: var(--bad); }
        svg { display: block; width: 100%; height: 64px; margin-top: 10px; } rect { fill: var(--bar); } rect.back { fill: var(--line); }
        .ends { display: flex; justify-content: space-between; font-size: 12px; color: var(--soft); font-variant-numeric: tabular-nums; }
        code { font: 12.5px ui-monospace, monospace; overflow-wrap: anywhere; } ul { margin: 0; padding: 12px 16px 12px 34px; }
        """;

    public static string Write(QualityReport report)
    {
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Quality of {Escape(report.Dataset)}</title>\n<style>\n{Style}\n</style></head>\n<body><main>\n");
        page.Append(CultureInfo.InvariantCulture, $"<h1>{Escape(report.Dataset)}</h1><div class=\"soft\">version {Escape(report.Version)} · {report.At:yyyy-MM-dd HH:mm:ss} UTC</div>\n");
        Facts(page, report);
        if (report.Suite is { } suite)
            Suite(page, suite);
        if (report.Anomalies.Count > 0)
            page.Append("<h2>Unusual for this dataset</h2><div class=\"wide\"><ul>").AppendJoin("", report.Anomalies.Select(a => $"<li>{Escape(a.Message)}</li>")).Append("</ul></div>\n");
        if (report.Pii is { Findings.Count: > 0 } pii)
        {
            page.Append("<h2>Personal data</h2>");
            Table(page, ["column", "kind", "values", "share", "confidence", "samples"], pii.Findings.Select(f => new[]
            {
                Escape(f.Column), Words.Of(f.Kind), QualityReportWriter.Show(f.Matches), QualityReportWriter.Percent(f.Share), Confidence(f), Escape(string.Join(", ", f.Samples)),
            }));
        }

        if (report.Profile is { } profile)
            Profile(page, profile);
        return page.Append("</main></body></html>\n").ToString();
    }

    private static void Facts(StringBuilder page, QualityReport report)
    {
        page.Append("<div class=\"facts\">");
        if ((report.Suite?.Rows ?? report.Profile?.Rows) is { } rows)
            Fact("rows", QualityReportWriter.Show(rows));
        if (report.Profile is { } profile)
            Fact("columns", QualityReportWriter.Show(profile.Columns.Count));
        if (report.Suite is { } suite)
        {
            Fact("suite", $"<span class=\"{Words.Of(suite.Outcome)}\">{Words.Of(suite.Outcome)}</span>");
            Fact("expectations met", $"{suite.Expectations.Count(e => e.Passed)} of {suite.Expectations.Count}");
            Fact("rows put aside", QualityReportWriter.Show(suite.Quarantined.Count()));
        }

        if (report.Pii is { } pii)
            Fact("columns with personal data", QualityReportWriter.Show(pii.Findings.Where(f => f.IsLikely()).Select(f => f.Column).Distinct(StringComparer.Ordinal).Count()));
        page.Append("</div>\n");

        void Fact(string name, string html) => page.Append(CultureInfo.InvariantCulture, $"<div class=\"fact\"><b>{html}</b><span class=\"soft\">{name}</span></div>");
    }

    private static void Suite(StringBuilder page, SuiteReport suite)
    {
        page.Append(CultureInfo.InvariantCulture, $"<h2>Suite {Escape(suite.Suite)}</h2>");
        Table(page, ["outcome", "expectation", "expected", "observed", "first failing rows"], suite.Expectations.OrderByDescending(e => e.Outcome).Select(e => new[]
        {
            $"<span class=\"tag {Words.Of(e.Outcome)}\">{Words.Of(e.Outcome)}</span>", Escape(e.Id), Escape(e.Expected), Escape(e.Observed),
            string.Join("<br>", e.Examples.Select(x => $"<span class=\"soft\">{x.Row}</span> <code>{Escape(x.Value)}</code>")),
        }));
    }

    private static void Profile(StringBuilder page, DatasetProfile profile)
    {
        page.Append("<h2>Columns</h2><div class=\"cards\">");
        foreach (var column in profile.Columns)
        {
            page.Append(CultureInfo.InvariantCulture, $"\n<section class=\"card\"><h3>{Escape(column.Name)}</h3><span class=\"soft\">{Escape(column.Type)}</span>");
            Chart(page, column);
            page.Append("<table>");
            Row("nulls", QualityReportWriter.Percent(column.NullShare()));
            Row("distinct", QualityReportWriter.Distinct(column));
            if (column.Numeric is { Finite: > 0 } numbers && column.Instants is null)
            {
                Row("median", QualityReportWriter.Median(column));
                Row("mean ± deviation", $"{QualityReportWriter.Show(numbers.Mean)} ± {QualityReportWriter.Show(numbers.Stddev)}");
                Row("not finite", numbers.Nan + numbers.Infinite == 0 ? "" : QualityReportWriter.Show(numbers.Nan + numbers.Infinite));
            }

            if (column.Lengths is { } lengths)
                Row("length", $"{lengths.Min} to {lengths.Max}, mean {QualityReportWriter.Show(lengths.Mean)}");
            page.Append("</table></section>");
        }

        page.Append("\n</div>\n");
        if (profile.Preview.Count == 0)
            return;
        page.Append("<h2>First rows</h2>");
        Table(page, [.. profile.Columns.Select(c => Escape(c.Name))], profile.Preview.Select(r => JsonNode.Parse(r)!.AsObject())
            .Select(r => profile.Columns.Select(c => r[c.Name] is { } value ? $"<code>{Escape(Shorten(value is JsonValue v && v.TryGetValue<string>(out var s) ? s : value.ToJsonString(QualityJson.Compact)))}</code>" : "<span class=\"soft\">null</span>").ToArray()));

        void Row(string name, string value) => page.Append(value.Length == 0 ? "" : $"<tr><td class=\"soft\">{name}</td><td>{Escape(value)}</td></tr>");
    }

    /// <summary>A histogram of numbers and instants; the most frequent values of anything else.</summary>
    private static void Chart(StringBuilder page, ColumnProfile column)
    {
        if (column.Numeric is { Histogram.Count: > 1 } numbers && !(column.ListsAllValues() && column.Instants is null))
        {
            Bars(page, numbers.Histogram);
            page.Append(CultureInfo.InvariantCulture, $"<div class=\"ends\"><span>{Escape(QualityReportWriter.Low(column))}</span><span>{Escape(QualityReportWriter.High(column))}</span></div>");
            return;
        }

        if (column.Top.Count == 0)
            return;
        page.Append("<table>");
        foreach (var value in column.Top.Take(5))
            page.Append(CultureInfo.InvariantCulture, $"<tr><td><code>{Escape(Shorten(value.Value))}</code></td><td>{QualityReportWriter.Percent((double)value.Count / column.Count)}</td></tr><tr><td colspan=\"2\"><svg style=\"height:4px;margin:0\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\"><rect class=\"back\" width=\"100\" height=\"4\"/><rect width=\"{100.0 * value.Count / column.Count:0.##}\" height=\"4\"/></svg></td></tr>");
        page.Append("</table>");
    }

    private static void Bars(StringBuilder page, IReadOnlyList<long> counts)
    {
        var highest = Math.Max(1, counts.Max());
        page.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {10 * Bins} 64\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"histogram\">");
        for (var i = 0; i < counts.Count; i++)
        {
            // A bin with few rows stays visible.
            var height = counts[i] == 0 ? 0 : Math.Max(1.5, 62.0 * counts[i] / highest);
            page.Append(CultureInfo.InvariantCulture, $"<rect x=\"{i * 10}\" y=\"{64 - height:0.##}\" width=\"9\" height=\"{height:0.##}\"/>");
        }

        page.Append("</svg>");
    }

    private static void Table(StringBuilder page, IEnumerable<string> head, IEnumerable<string[]> htmlRows)
    {
        page.Append("<div class=\"wide\"><table><tr>").AppendJoin("", head.Select(h => $"<th>{h}</th>")).Append("</tr>\n");
        foreach (var row in htmlRows)
            page.Append("<tr>").AppendJoin("", row.Select(cell => $"<td>{cell}</td>")).Append("</tr>\n");
        page.Append("</table></div>\n");
    }

    private static string Confidence(PiiFinding finding) => $"<span class=\"{(finding.IsLikely() ? "failed" : "soft")}\">{QualityReportWriter.Show(finding.Confidence)}</span>";

    private static string Shorten(string value) => value.Length <= 60 ? value : string.Concat(value.AsSpan(0, 59), "…");

    private static string Escape(string value) => WebUtility.HtmlEncode(value);
}
