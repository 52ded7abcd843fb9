using EventMl.Arrow;

namespace EventMl.Data.Quality;

/// <summary>What all rows together show, for expectations of the whole.</summary>
internal sealed record DatasetFacts(ArrowSchema Schema, DatasetProfile Profile, IReadOnlyDictionary<string, PiiReport> Pii, SuiteContext Context);

/// <summary>Judges a whole dataset by one expectation.</summary>
internal static class DatasetCheck
{
    public static ExpectationResult Judge(Expectation expectation, DatasetFacts facts)
    {
        var head = expectation.Head;
        var (passed, observed, value) = expectation switch
        {
            SchemaExpectation e => Schema(e, facts.Schema),
            RowCountExpectation e => (e.Bounds.Contains(facts.Profile.Rows), $"{facts.Profile.Rows} rows", facts.Profile.Rows),
            AbsentExpectation e => Absent(e, facts.Schema),
            PiiExpectation e => Pii(e, facts),
            _ => OfColumn(expectation, facts),
        };
        return new ExpectationResult
        {
            Id = head.Id,
            Expect = head.Kind,
            Columns = head.Columns,
            Severity = head.Severity,
            OnFail = head.OnFail,
            Passed = passed,
            Outcome = passed ? Outcome.Passed : head.OnFail == OnFail.Fail ? Outcome.Failed : Outcome.Warned,
            Expected = expectation.Expected,
            Observed = observed,
            Value = value,
        };
    }

    private static (bool, string, double?) OfColumn(Expectation expectation, DatasetFacts facts)
    {
        var name = expectation.Head.Columns[0];
        if (facts.Profile.Column(name) is not { } column)
            return (false, $"column '{name}' is missing", null);
        if (expectation is DistributionExpectation distribution)
            return Distribution(distribution, column, facts.Context);
        if (column.Numeric is null || (expectation is FreshnessExpectation && column.Instants is null && column.Count > 0))
            return (false, $"column '{name}' is {column.Type}; '{expectation.Head.Kind}' judges {(expectation is FreshnessExpectation ? "dates and timestamps" : "numbers")}", null);
        if (column.Numeric.Finite == 0)
            return (false, $"column '{name}' has no finite values", null);
        return expectation switch
        {
            MeanExpectation e => Within(e.Bounds, column.Numeric.Mean!.Value),
            QuantileExpectation e => Within(e.Bounds, column.Numeric.Quantile(e.Share)),
            FreshnessExpectation e => Freshness(e, column, facts.Context.Now),
            _ => throw new InvalidOperationException($"There is no check for {expectation.Head.Kind}."),
        };
    }

    private static (bool, string, double?) Within(Bounds bounds, double value) => (bounds.Contains(value), FormattableString.Invariant($"{value:G6}"), value);

    private static (bool, string, double?) Freshness(FreshnessExpectation expectation, ColumnProfile column, DateTimeOffset now)
    {
        var age = (now - DateTimeOffset.UnixEpoch).TotalSeconds - column.Numeric!.Max!.Value;
        return (age <= expectation.MaxAge.TotalSeconds, FormattableString.Invariant($"last instant {column.Instants!.Latest}, {age / 3600:0.##} h before now"), age);
    }

    private static (bool, string, double?) Distribution(DistributionExpectation expectation, ColumnProfile column, SuiteContext context)
    {
        if (context.Reference is null)
            return (false, "no reference profile was given", null);
        if (context.Reference.Column(column.Name) is not { } reference)
            return (false, $"the reference has no column '{column.Name}'", null);
        var value = expectation.Test switch
        {
            DistributionTest.Psi => Distributions.Psi(reference, column),
            DistributionTest.Ks => Distributions.KolmogorovSmirnov(reference, column),
            _ => Distributions.ChiSquare(reference, column),
        };
        if (value is not { } number)
            return (false, $"column '{column.Name}' is {column.Type} with {column.Distinct?.Value ?? 0} different values; '{Words.Of(expectation.Test)}' compares {Compares(expectation.Test)}", null);
        var passed = expectation.Test == DistributionTest.ChiSquare ? number >= expectation.Limit : number <= expectation.Limit;
        return (passed, FormattableString.Invariant($"{Words.Of(expectation.Test)} {number:0.####}"), number);
    }

    private static string Compares(DistributionTest test) => test switch
    {
        DistributionTest.Ks => "numbers",
        DistributionTest.ChiSquare => "columns of at most 20 different values, each five times on average",
        _ => "numbers, and columns of at most 20 different values, each five times on average",
    };

    private static (bool, string, double?) Schema(SchemaExpectation expectation, ArrowSchema schema)
    {
        var wrong = new List<string>();
        foreach (var (name, type) in expectation.Fields)
        {
            var at = schema.IndexOf(name);
            if (at < 0)
                wrong.Add($"'{name}' is missing");
            else if (type != "any" && schema.Fields[at].Type.ToString() != type)
                wrong.Add($"'{name}' is {schema.Fields[at].Type}");
        }

        if (expectation.Exact)
            wrong.AddRange(schema.Fields.Select(f => f.Name).Except(expectation.Fields.Select(f => f.Name), StringComparer.Ordinal).Select(n => $"'{n}' was not expected"));
        return (wrong.Count == 0, wrong.Count == 0 ? $"{schema.Fields.Count} columns" : string.Join("; ", wrong), null);
    }

    private static (bool, string, double?) Absent(AbsentExpectation expectation, ArrowSchema schema)
    {
        var wanted = expectation.Head.Columns[0];
        var found = schema.Fields.FirstOrDefault(f => expectation.Protection == Protection.Dropped ? f.Name == wanted : PiiHints.Plain(f.Name) == PiiHints.Plain(wanted));
        return (found is null, found is null ? "no such column" : $"column '{found.Name}'", null);
    }

    private static (bool, string, double?) Pii(PiiExpectation expectation, DatasetFacts facts)
    {
        var missing = expectation.Head.Columns.Where(c => facts.Schema.IndexOf(c) < 0).ToList();
        if (missing.Count > 0)
            return (false, $"column '{missing[0]}' is missing", null);
        var found = facts.Pii[expectation.Head.Id].Findings.Where(f => f.Confidence >= expectation.MinConfidence && !expectation.Allowed.Contains(f.Kind)).ToList();
        return (found.Count == 0, found.Count == 0 ? "none found" : string.Join("; ", found.Select(f =>
            FormattableString.Invariant($"{Words.Of(f.Kind)} in '{f.Column}' ({f.Matches} values, confidence {f.Confidence:0.##})"))), found.Count);
    }
}
