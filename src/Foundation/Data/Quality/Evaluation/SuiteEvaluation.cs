using EventMl.Arrow;

namespace EventMl.Data.Quality;

/// <summary>What an evaluation needs besides rows.</summary>
public sealed record SuiteContext
{
    /// <summary>The instant that counts as now.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>The profile that distributions are compared with.</summary>
    public DatasetProfile? Reference { get; init; }

    /// <summary>How many different keys each <c>unique</c> keeps in memory, about 20 bytes each; with more the expectation fails.</summary>
    public int MaxUniqueKeys { get; init; } = 1 << 24;
}

/// <summary>Judges a dataset by a suite, one batch at a time: <see cref="Observe"/> says which rows to put aside, <see cref="Complete"/> what came of it all.</summary>
public sealed class SuiteEvaluation
{
    private const int LongestExample = 80;

    private readonly QualitySuite _suite;
    private readonly SuiteContext _context;
    private readonly ArrowSchema _schema;
    private readonly Dictionary<string, RowCheck> _rowChecks;
    private readonly Dictionary<string, PiiScanner> _scanners;
    private readonly HashSet<string> _sensitive;
    private readonly Profiler? _profiler;
    private readonly string[] _profiled;
    private readonly RowSetBuilder _quarantined = new();
    private long _rows;

    /// <summary>Begins an evaluation of batches of one schema.</summary>
    public SuiteEvaluation(QualitySuite suite, ArrowSchema schema, SuiteContext context)
    {
        (_suite, _schema, _context) = (suite, schema, context);
        _rowChecks = suite.Expectations.OfType<RowExpectation>().ToDictionary(e => e.Head.Id, e => RowCheck.For(e, schema, context), StringComparer.Ordinal);
        _scanners = suite.Expectations.OfType<PiiExpectation>().ToDictionary(e => e.Head.Id, e => new PiiScanner(schema, [.. e.Head.Columns]), StringComparer.Ordinal);
        _sensitive =
        [
            .. schema.Fields.Select(f => f.Name).Where(n => PiiHints.Of(n).Any()),
            .. suite.Expectations.OfType<ProtectedExpectation>().SelectMany(e => e.Head.Columns),
        ];
        // Only what the suite asks for is profiled.
        _profiled = [.. suite.Expectations.Where(e => e is MeanExpectation or QuantileExpectation or DistributionExpectation or FreshnessExpectation)
            .Select(e => e.Head.Columns[0]).Distinct(StringComparer.Ordinal).Where(c => schema.IndexOf(c) >= 0)];
        _profiler = _profiled.Length == 0 ? null : new Profiler(new ArrowSchema([.. _profiled.Select(c => schema.Fields[schema.IndexOf(c)])]), previewRows: 0);
    }

    /// <summary>Judges a whole version.</summary>
    /// <exception cref="ArgumentException">A batch has other columns.</exception>
    public static SuiteReport Evaluate(QualitySuite suite, ArrowSchema schema, IEnumerable<RecordBatch> batches, SuiteContext context)
    {
        var evaluation = new SuiteEvaluation(suite, schema, context);
        foreach (var batch in batches)
            evaluation.Observe(batch);
        return evaluation.Complete();
    }

    /// <summary>Judges the rows of a batch.</summary>
    /// <exception cref="ArgumentException">The batch has other columns.</exception>
    public BatchVerdict Observe(RecordBatch batch)
    {
        if (!_schema.HasSameFieldsAs(batch.Schema))
            throw new ArgumentException($"The evaluation is of ({_schema}); these rows have ({batch.Schema}).", nameof(batch));
        var reasons = new List<(RowReason, byte[])>();
        foreach (var check in _rowChecks.Values)
        {
            var failing = check.Observe(batch, _rows, Show);
            if (check.Expectation.Head.OnFail == OnFail.Quarantine && Bits.Count(failing) > 0)
                reasons.Add((new RowReason(check.Expectation.Head.Id, $"{string.Join(", ", check.Expectation.Head.Columns)}: expected {check.Expectation.Expected}"), failing));
        }

        foreach (var scanner in _scanners.Values)
            scanner.Observe(batch);
        _profiler?.Observe(batch.Select(_profiled));
        var verdict = new BatchVerdict(_rows, batch.Length, reasons);
        for (var row = 0; reasons.Count > 0 && row < batch.Length; row++)
        {
            if (verdict.IsQuarantined(row))
                _quarantined.Add(_rows + row);
        }

        _rows += batch.Length;
        return verdict;
    }

    /// <summary>What came of the rows observed.</summary>
    public SuiteReport Complete()
    {
        var profile = (_profiler?.Build() ?? new DatasetProfile { Rows = 0, Columns = [], Preview = [] }) with { Rows = _rows };
        var facts = new DatasetFacts(_schema, profile, _scanners.ToDictionary(s => s.Key, s => s.Value.Build(), StringComparer.Ordinal), _context);
        List<ExpectationResult> results = [.. _suite.Expectations.Select(e => _rowChecks.TryGetValue(e.Head.Id, out var check) ? check.Complete() : DatasetCheck.Judge(e, facts))];
        return new SuiteReport
        {
            Suite = _suite.Name,
            SuiteSha256 = _suite.Sha256,
            EvaluatedAt = _context.Now,
            Rows = _rows,
            Outcome = results.Max(r => r.Outcome),
            Quarantined = _quarantined.Build(),
            Expectations = results,
        };
    }

    // An example of a fault must not publish what the suite protects.
    private string Show(string column, string text) =>
        _sensitive.Contains(column) || PiiPatterns.Find(text.Length <= LongestExample ? text : text[..LongestExample]).Any() ? PiiMask.Mask(text)
        : text.Length <= LongestExample ? text : string.Concat(text.AsSpan(0, LongestExample - 1), "…");
}
