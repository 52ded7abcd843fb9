namespace EventMl.Data.Quality;

/// <summary>What came of an expectation or a suite; the later the worse.</summary>
public enum Outcome
{
    /// <summary>It holds.</summary>
    Passed,

    /// <summary>It does not hold, which is reported.</summary>
    Warned,

    /// <summary>Rows were put aside; the others are good.</summary>
    Quarantined,

    /// <summary>It does not hold, and what comes after must not begin.</summary>
    Failed,
}

/// <summary>What a suite says of one version of a dataset.</summary>
public sealed record SuiteReport
{
    /// <summary>The suite's name.</summary>
    public required string Suite { get; init; }

    /// <summary>SHA-256 of the suite's text, in hex.</summary>
    public required string SuiteSha256 { get; init; }

    /// <summary>The instant that counted as now.</summary>
    public required DateTimeOffset EvaluatedAt { get; init; }

    /// <summary>Rows judged.</summary>
    public required long Rows { get; init; }

    /// <summary>The worst outcome of the expectations.</summary>
    public required Outcome Outcome { get; init; }

    /// <summary>Rows put aside.</summary>
    public required RowSet Quarantined { get; init; }

    /// <summary>The results in the suite's order.</summary>
    public required IReadOnlyList<ExpectationResult> Expectations { get; init; }
}

/// <summary>What came of one expectation.</summary>
public sealed record ExpectationResult
{
    /// <summary>The expectation's id, unique in its suite.</summary>
    public required string Id { get; init; }

    /// <summary>Its kind, such as <c>not_null</c>.</summary>
    public required string Expect { get; init; }

    /// <summary>The columns it concerns; none when it concerns the dataset.</summary>
    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>How bad a failure is.</summary>
    public required Severity Severity { get; init; }

    /// <summary>What was to follow.</summary>
    public required OnFail OnFail { get; init; }

    /// <summary>Whether it holds, thresholds considered.</summary>
    public required bool Passed { get; init; }

    /// <summary>What follows.</summary>
    public required Outcome Outcome { get; init; }

    /// <summary>What was expected, in words.</summary>
    public required string Expected { get; init; }

    /// <summary>What was found, in words.</summary>
    public required string Observed { get; init; }

    /// <summary>What was found as a number, where it is one: a share of passing rows, a mean, a distance.</summary>
    public double? Value { get; init; }

    /// <summary>The rows that fail; none for expectations of the dataset.</summary>
    public RowSet Failing { get; init; } = RowSet.Empty;

    /// <summary>How many rows fail, also where <see cref="Failing"/> is truncated.</summary>
    public long FailingRows { get; init; }

    /// <summary>The first failing rows; values that may be personal data are masked.</summary>
    public IReadOnlyList<RowExample> Examples { get; init; } = [];
}

/// <summary>A failing row, counted from 0, and its value.</summary>
public sealed record RowExample(long Row, string Value);
