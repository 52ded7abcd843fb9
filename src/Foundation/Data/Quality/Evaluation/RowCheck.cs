using EventMl.Arrow;

namespace EventMl.Data.Quality;

/// <summary>Judges each row by one expectation and remembers which failed.</summary>
internal abstract class RowCheck(RowExpectation expectation)
{
    private const int Examples = 5;

    private readonly RowSetBuilder _failing = new();
    private readonly List<RowExample> _examples = [];
    private long _failed;

    public RowExpectation Expectation { get; } = expectation;

    /// <summary>Why the rows cannot be judged at all, or null.</summary>
    public string? Problem { get; protected set; }

    protected long Judged { get; set; }

    public static RowCheck For(RowExpectation expectation, ArrowSchema schema, SuiteContext context) =>
        expectation.Head.Columns.FirstOrDefault(c => schema.IndexOf(c) < 0) is { } missing ? new NoCheck(expectation, $"column '{missing}' is missing") : expectation switch
        {
            NotNullExpectation e => new NotNullCheck(e),
            RangeExpectation e => new RangeCheck(e, TypeOf(e, schema)),
            SetExpectation e => new SetCheck(e, TypeOf(e, schema)),
            RegexExpectation e => new RegexCheck(e, TypeOf(e, schema)),
            UniqueExpectation e => new UniqueCheck(e, schema, context.MaxUniqueKeys),
            ProtectedExpectation e => new ProtectedCheck(e, TypeOf(e, schema)),
            _ => throw new InvalidOperationException($"There is no check of rows for {expectation.Head.Kind}."),
        };

    /// <summary>Judges the rows of a batch: one bit per row, 1 = fails.</summary>
    public byte[] Observe(RecordBatch batch, long firstRow, Func<string, string, string> show)
    {
        var failing = new byte[Bits.Bytes(batch.Length)];
        if (Problem is not null)
            return failing;
        ColumnValues[] columns = [.. Expectation.Head.Columns.Select(c => new ColumnValues(batch.Column(c)))];
        Judge(columns, failing);
        for (var row = 0; row < batch.Length; row++)
        {
            if (!Bits.Get(failing, row))
                continue;
            _failed++;
            _failing.Add(firstRow + row);
            if (_examples.Count < Examples)
                _examples.Add(new RowExample(firstRow + row, Show(columns, row, show)));
        }

        return failing;
    }

    public ExpectationResult Complete()
    {
        var head = Expectation.Head;
        var share = Judged == 0 ? 1 : 1 - ((double)_failed / Judged);
        var passed = Problem is null && share >= (head.Mostly ?? 1);
        var outcome = Problem is null && _failed == 0 ? Outcome.Passed
            : Problem is null && head.OnFail == OnFail.Quarantine && (passed || head.Mostly is null) ? Outcome.Quarantined
            : passed ? Outcome.Passed
            : head.Severity == Severity.Error && head.OnFail != OnFail.Warn ? Outcome.Failed : Outcome.Warned;
        return new ExpectationResult
        {
            Id = head.Id,
            Expect = head.Kind,
            Columns = head.Columns,
            Severity = head.Severity,
            OnFail = head.OnFail,
            Passed = passed,
            Outcome = outcome,
            Expected = Expectation.Expected + (head.Mostly is { } mostly ? FormattableString.Invariant($", in at least {mostly:0.####%} of the rows") : ""),
            Observed = Problem ?? FormattableString.Invariant($"{_failed} of {Judged} rows fail"),
            Value = Problem is null ? share : null,
            Failing = _failing.Build(),
            FailingRows = _failed,
            Examples = _examples,
        };
    }

    protected abstract void Judge(ColumnValues[] columns, Span<byte> failing);

    private static ArrowType TypeOf(Expectation expectation, ArrowSchema schema) => schema.Fields[schema.IndexOf(expectation.Head.Columns[0])].Type;

    private string Show(ColumnValues[] columns, int row, Func<string, string, string> show) => string.Join(", ", columns.Select((c, i) =>
        c.IsNull(row) ? "null" : show(Expectation.Head.Columns[i], c.Text(row))));

    private sealed class NoCheck : RowCheck
    {
        public NoCheck(RowExpectation expectation, string problem)
            : base(expectation) => Problem = problem;

        protected override void Judge(ColumnValues[] columns, Span<byte> failing)
        {
        }
    }
}
