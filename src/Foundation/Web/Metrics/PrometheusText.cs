using System.Globalization;
using System.Text;

namespace EventMl.Web.Metrics;

/// <summary>The rules of Prometheus' text format: names, escapes, numbers.</summary>
internal static class PrometheusText
{
    /// <summary>Labels of the series that takes what is over the limit.</summary>
    public const string Overflow = "overflow=\"true\"";

    private const int MaxLabelValue = 200;

    /// <summary>The instrument's name with its unit and, for counters, <c>_total</c>.</summary>
    public static string MetricName(string name, string? unit, string type)
    {
        var clean = Name(name);
        var suffix = unit switch
        {
            "s" => "_seconds",
            "ms" => "_milliseconds",
            "By" => "_bytes",
            "%" => "_percent",
            _ => "",
        };
        if (suffix.Length > 0 && !clean.EndsWith(suffix, StringComparison.Ordinal))
        {
            clean += suffix;
        }

        return type == "counter" && !clean.EndsWith("_total", StringComparison.Ordinal) ? $"{clean}_total" : clean;
    }

    /// <summary>The tags as they stand between the braces, sorted so that their order does not matter.</summary>
    public static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
        {
            return "";
        }

        var sorted = tags.ToArray();
        Array.Sort(sorted, (a, b) => string.CompareOrdinal(a.Key, b.Key));
        var text = new StringBuilder();
        foreach (var (key, value) in sorted)
        {
            text.Append(text.Length == 0 ? "" : ",").Append(Name(key)).Append("=\"");
            AppendEscaped(text, Convert.ToString(value, CultureInfo.InvariantCulture) ?? "", quotes: true);
            text.Append('"');
        }

        return text.ToString();
    }

    public static string EscapeHelp(string help)
    {
        var text = new StringBuilder(help.Length);
        AppendEscaped(text, help, quotes: false);
        return text.ToString();
    }

    public static void Sample(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0)
        {
            text.Append('{').Append(labels).Append('}');
        }

        text.Append(' ').Append(value switch
        {
            double.PositiveInfinity => "+Inf",
            double.NegativeInfinity => "-Inf",
            _ => value.ToString(CultureInfo.InvariantCulture),
        }).Append('\n');
    }

    private static string Name(string name)
    {
        var clean = string.Create(name.Length, name, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = char.IsAsciiLetterOrDigit(source[i]) ? source[i] : '_';
            }
        });
        return clean.Length > 0 && char.IsAsciiDigit(clean[0]) ? $"_{clean}" : clean;
    }

    private static void AppendEscaped(StringBuilder text, string value, bool quotes)
    {
        for (var i = 0; i < value.Length && (!quotes || i < MaxLabelValue); i++)
        {
            switch (value[i])
            {
                case '\\':
                    text.Append(@"\\");
                    break;
                case '\n':
                    text.Append(@"\n");
                    break;
                case '"' when quotes:
                    text.Append("\\\"");
                    break;
                default:
                    text.Append(value[i]);
                    break;
            }
        }
    }
}
