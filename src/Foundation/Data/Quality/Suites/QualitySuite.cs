namespace EventMl.Data.Quality;

/// <summary>How bad it is when an expectation does not hold.</summary>
public enum Severity
{
    /// <summary>The dataset must not be used.</summary>
    Error,

    /// <summary>Somebody should look.</summary>
    Warning,

    /// <summary>Worth knowing.</summary>
    Info,
}

/// <summary>What follows when an expectation does not hold.</summary>
public enum OnFail
{
    /// <summary>The suite fails, which blocks what comes after it.</summary>
    Fail,

    /// <summary>The rows concerned are put aside with the reason; the others go on.</summary>
    Quarantine,

    /// <summary>It is reported.</summary>
    Warn,
}

/// <summary>Expectations of a dataset, read from YAML by <see cref="Parse"/>; docs/data-quality.md lists all keys.</summary>
public sealed class QualitySuite
{
    internal const string FormatName = "quality/1";

    internal QualitySuite(string name, string sha256, IReadOnlyList<Expectation> expectations) => (Name, Sha256, Expectations) = (name, sha256, expectations);

    /// <summary>The suite's name.</summary>
    public string Name { get; }

    /// <summary>SHA-256 of the text it was read from, in hex.</summary>
    public string Sha256 { get; }

    internal IReadOnlyList<Expectation> Expectations { get; }

    /// <summary>Reads a suite; <paramref name="file"/> is named in errors.</summary>
    /// <exception cref="QualitySuiteException">The text is not a suite.</exception>
    public static QualitySuite Parse(string text, string file = "suite") => SuiteReader.Read(file, text);
}

/// <summary>What all expectations have; <paramref name="Mostly"/> is the share of rows (0 to 1) that must pass.</summary>
internal sealed record ExpectationHead(string Id, string Kind, IReadOnlyList<string> Columns, Severity Severity, OnFail OnFail, double? Mostly);

/// <summary>One expectation; a row-level one judges each row, a dataset-level one the whole.</summary>
internal abstract record Expectation(ExpectationHead Head)
{
    /// <summary>What is expected, in words.</summary>
    public abstract string Expected { get; }
}

internal abstract record RowExpectation(ExpectationHead Head) : Expectation(Head);

internal sealed record NotNullExpectation(ExpectationHead Head) : RowExpectation(Head)
{
    public override string Expected => "a value in every row";
}

internal sealed record RangeExpectation(ExpectationHead Head, Bounds Bounds) : RowExpectation(Head)
{
    public override string Expected => Bounds.ToString();
}

internal sealed record SetExpectation(ExpectationHead Head, IReadOnlyList<string> Values) : RowExpectation(Head)
{
    public override string Expected => "one of " + (Values.Count <= 10 ? string.Join(", ", Values) : string.Join(", ", Values.Take(10)) + $" and {Values.Count - 10} others");
}

internal sealed record RegexExpectation(ExpectationHead Head, System.Text.RegularExpressions.Regex Pattern) : RowExpectation(Head)
{
    public override string Expected => $"text that matches {Pattern}";
}

internal sealed record UniqueExpectation(ExpectationHead Head) : RowExpectation(Head)
{
    public override string Expected => Head.Columns.Count == 1 ? "every value once" : "every combination of values once";
}

/// <summary>Protection of values of one column, as rows show it.</summary>
internal sealed record ProtectedExpectation(ExpectationHead Head, Protection Protection) : RowExpectation(Head)
{
    public override string Expected => Protection == Protection.Masked ? "masked values, such as j***@***" : "hashed values: 32 to 128 hex digits or base64 of as many bytes";
}

/// <summary>A column that must not exist.</summary>
internal sealed record AbsentExpectation(ExpectationHead Head, Protection Protection) : Expectation(Head)
{
    public override string Expected => Protection == Protection.Dropped ? "no such column" : "no such column under any spelling";
}

internal sealed record SchemaExpectation(ExpectationHead Head, IReadOnlyList<(string Name, string Type)> Fields, bool Exact) : Expectation(Head)
{
    public override string Expected => (Exact ? "exactly " : "at least ") + string.Join(", ", Fields.Select(f => f.Type == "any" ? f.Name : $"{f.Name}: {f.Type}"));
}

internal sealed record RowCountExpectation(ExpectationHead Head, Bounds Bounds) : Expectation(Head)
{
    public override string Expected => $"{Bounds} rows";
}

internal sealed record MeanExpectation(ExpectationHead Head, Bounds Bounds) : Expectation(Head)
{
    public override string Expected => $"a mean {Bounds}";
}

internal sealed record QuantileExpectation(ExpectationHead Head, double Share, Bounds Bounds) : Expectation(Head)
{
    public override string Expected => FormattableString.Invariant($"a {Share} quantile {Bounds}");
}

internal sealed record DistributionExpectation(ExpectationHead Head, DistributionTest Test, double Limit) : Expectation(Head)
{
    public override string Expected => Test == DistributionTest.ChiSquare ? $"chi-square p-value ≥ {Limit} against the reference" : $"{Words.Of(Test)} ≤ {Limit} against the reference";
}

internal sealed record PiiExpectation(ExpectationHead Head, IReadOnlyList<PiiKind> Allowed, double MinConfidence) : Expectation(Head)
{
    public override string Expected => Allowed.Count == 0 ? "no personal data" : $"no personal data but {string.Join(", ", Allowed.Select(k => Words.Of(k)))}";
}

internal sealed record FreshnessExpectation(ExpectationHead Head, TimeSpan MaxAge) : Expectation(Head)
{
    public override string Expected => $"a last instant at most {MaxAge} old";
}

internal enum DistributionTest
{
    Psi,
    Ks,
    ChiSquare,
}

/// <summary>How a compliance policy wants a column's values protected.</summary>
internal enum Protection
{
    Masked,
    Hashed,
    Dropped,
    Forbidden,
}
