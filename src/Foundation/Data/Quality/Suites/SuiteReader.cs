using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace EventMl.Data.Quality;

/// <summary>Reads <c>quality/1</c> suites.</summary>
internal static class SuiteReader
{
    private const int MaxExpectations = 1000;

    private static readonly Dictionary<string, Func<YamlFields, ExpectationHead, IEnumerable<Expectation>>> s_kinds = new(StringComparer.Ordinal)
    {
        ["schema"] = (fields, head) => [Schema(fields, head)],
        ["not_null"] = (_, head) => [new NotNullExpectation(head)],
        ["range"] = (fields, head) => [new RangeExpectation(head, Bounds.Read(fields, "min: 0"))],
        ["set"] = (fields, head) => [new SetExpectation(head, YamlFields.TextsOf("values", fields.Need("values", "[red, green]")))],
        ["regex"] = (fields, head) => [new RegexExpectation(head, Pattern(fields))],
        ["unique"] = (_, head) => [new UniqueExpectation(head)],
        ["row_count"] = (fields, head) => [new RowCountExpectation(head, Bounds.Read(fields, "min: 1"))],
        ["mean"] = (fields, head) => [new MeanExpectation(head, Bounds.Read(fields, "min: 0"))],
        ["quantile"] = (fields, head) => [new QuantileExpectation(head, Share(fields, "q") ?? throw fields.Error("'q' is missing; write for instance 'q: 0.5'."), Bounds.Read(fields, "max: 100"))],
        ["distribution"] = (fields, head) => [Distribution(fields, head)],
        ["pii"] = (fields, head) => [new PiiExpectation(head, Allowed(fields), Share(fields, "min_confidence") ?? PiiScanner.LikelyConfidence)],
        ["policy"] = Policy,
        ["freshness"] = (fields, head) => [new FreshnessExpectation(head, Age(fields))],
    };

    private static readonly string[] s_rowKinds = ["not_null", "range", "set", "regex", "unique", "policy"];
    private static readonly string[] s_oneColumn = ["not_null", "range", "set", "regex", "mean", "quantile", "distribution", "freshness"];

    public static QualitySuite Read(string file, string text)
    {
        var fields = new YamlFields(YamlNode.Parse(file, text), "the suite");
        var format = fields.NeedText("suite", QualitySuite.FormatName);
        if (format != QualitySuite.FormatName)
            throw fields.Error($"'suite' is '{format}'; this evaluator reads '{QualitySuite.FormatName}'.");
        var name = fields.NeedText("name", "customers");
        var list = fields.Need("expectations", "[{ expect: not_null, column: id }]");
        fields.Done();
        if (list.Items is not { Count: > 0 and <= MaxExpectations })
            throw list.Error($"'expectations' must be a list of 1 to {MaxExpectations}, each beginning with '- expect: …'.");
        var expectations = new List<Expectation>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in list.Items)
        {
            foreach (var expectation in One(item, ids))
                expectations.Add(expectation);
        }

        return new QualitySuite(name, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))), expectations);
    }

    private static List<Expectation> One(YamlNode node, HashSet<string> ids)
    {
        var fields = new YamlFields(node, "the expectation");
        var kind = fields.NeedText("expect", "not_null");
        if (!s_kinds.TryGetValue(kind, out var read))
            throw fields.Error($"'expect' is '{kind}'; allowed are {string.Join(", ", s_kinds.Keys)}.");
        var severity = fields.Choice("severity", Severity.Error);
        var onFail = fields.Choice("on_fail", severity == Severity.Error ? OnFail.Fail : OnFail.Warn);
        if (severity != Severity.Error && onFail == OnFail.Fail)
            throw fields.Error($"'on_fail: fail' needs 'severity: error'; with '{Words.Of(severity)}' write 'warn' or 'quarantine'.");
        if (onFail == OnFail.Quarantine && !s_rowKinds.Contains(kind, StringComparer.Ordinal))
            throw fields.Error($"'{kind}' judges the whole dataset, so no rows can be put aside; write 'on_fail: fail' or 'warn'.");
        var mostly = s_rowKinds.Contains(kind, StringComparer.Ordinal) ? Share(fields, "mostly") : null;
        var columns = Columns(fields, kind);
        var id = fields.Text("id") ?? string.Join('.', columns.Prepend(kind));
        var head = new ExpectationHead(id, kind, columns, severity, onFail, mostly);
        List<Expectation> found = [.. read(fields, head)];
        fields.Done();
        foreach (var expectation in found)
        {
            if (!ids.Add(expectation.Head.Id))
                throw fields.Error($"there is already an expectation '{expectation.Head.Id}'; give this one its own 'id'.");
        }

        return found;
    }

    private static IReadOnlyList<string> Columns(YamlFields fields, string kind)
    {
        if (s_oneColumn.Contains(kind, StringComparer.Ordinal))
            return [fields.NeedText("column", "age")];
        return kind switch
        {
            "unique" => fields.Text("column") is { } one ? [one] : fields.Texts("columns") ?? throw fields.Error("'column' or 'columns' is missing; write for instance 'columns: [country, id]'."),
            "pii" => fields.Texts("columns") ?? [],
            _ => [],
        };
    }

    private static SchemaExpectation Schema(YamlFields fields, ExpectationHead head)
    {
        var columns = YamlFields.PairsOf("columns", fields.Need("columns", "{ id: int64 }"), "{ id: int64, name: any }")
            .Select(p => (p.Key.Scalar!, YamlFields.TextOf(p.Key.Scalar!, p.Value))).ToList();
        return new SchemaExpectation(head, columns, fields.Flag("exact"));
    }

    private static Regex Pattern(YamlFields fields)
    {
        var node = fields.Need("pattern", "'^[A-Z]{2}$'");
        try
        {
            // Linear in the text's length, so that no pattern can be made to run for ever.
            return new Regex(YamlFields.TextOf("pattern", node), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new QualitySuiteException(node.Error($"'pattern' cannot be used (look-arounds and back references are not possible): {e.Message}").Message, e);
        }
    }

    private static DistributionExpectation Distribution(YamlFields fields, ExpectationHead head)
    {
        var test = fields.Choice("test", DistributionTest.Psi);
        return new DistributionExpectation(head, test, test == DistributionTest.ChiSquare ? Share(fields, "min_p") ?? 0.01 : fields.Number("max") ?? (test == DistributionTest.Psi ? 0.2 : 0.1));
    }

    private static List<PiiKind> Allowed(YamlFields fields) => fields.Take("allow") switch
    {
        null => [],
        { Scalar: "none" } => [],
        { Items: { } items } => [.. items.Select(i => YamlFields.ChoiceOf<PiiKind>("allow", i))],
        var other => throw other.Error($"'allow' is 'none' or a list of {string.Join(", ", Enum.GetValues<PiiKind>().Select(k => Words.Of(k)))}."),
    };

    private static IEnumerable<Expectation> Policy(YamlFields fields, ExpectationHead head)
    {
        foreach (var (key, value) in YamlFields.PairsOf("columns", fields.Need("columns", "{ email: masked }"), "{ email: masked, ssn: forbidden }"))
        {
            var protection = YamlFields.ChoiceOf<Protection>(key.Scalar!, value);
            var own = head with { Id = $"{head.Id}.{key.Scalar}", Columns = [key.Scalar!] };
            if (protection is Protection.Masked or Protection.Hashed)
                yield return new ProtectedExpectation(own, protection);
            else if (head.OnFail == OnFail.Quarantine)
                throw value.Error($"'{key.Scalar}: {value.Scalar}' concerns the whole column, so no rows can be put aside; give it a policy of its own with 'on_fail: fail'.");
            else
                yield return new AbsentExpectation(own, protection);
        }
    }

    private static double? Share(YamlFields fields, string key) => fields.Number(key) switch
    {
        null => null,
        >= 0 and <= 1 and var share => share,
        var other => throw fields.Error(string.Create(CultureInfo.InvariantCulture, $"'{key}' is {other}; write a share from 0 to 1.")),
    };

    private static TimeSpan Age(YamlFields fields)
    {
        var node = fields.Need("max_age", "24h");
        var text = YamlFields.TextOf("max_age", node);
        var seconds = text[^1] switch { 's' => 1.0, 'm' => 60, 'h' => 3600, 'd' => 86_400, _ => 0 };
        return seconds > 0 && double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number * seconds < 1e10
            ? TimeSpan.FromSeconds(number * seconds)
            : throw node.Error($"'max_age' is '{text}'; write a number with s, m, h or d, such as 24h.");
    }
}
