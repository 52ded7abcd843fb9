using EventMl.Arrow;

namespace EventMl.Data.Splitting;

/// <summary>How rows are parted.</summary>
public sealed record SplitOptions
{
    /// <summary>The name of the column that is added.</summary>
    public string Column { get; init; } = "split";

    /// <summary>The sides and their shares in order; together 1.</summary>
    public IReadOnlyList<(string Name, double Share)> Shares { get; init; } = [("train", 0.8), ("val", 0.1), ("test", 0.1)];

    /// <summary>Rows with equal values in these columns are on one side; empty for all columns.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>Another seed parts the rows differently.</summary>
    public long Seed { get; init; }
}

/// <summary>
/// Adds a column that tells each row's side. The side follows from the seed and the row's own key alone, so that rows which come later
/// move no other, and equal rows never stand on two sides.
/// </summary>
public sealed class SplitStage : IBatchStage
{
    private readonly SplitOptions _options;
    private readonly double[] _until;
    private ArrowSchema? _output;
    private int[] _keys = [];

    /// <summary>A stage for these options.</summary>
    /// <exception cref="SourceException">The shares are none, or not 1 together.</exception>
    public SplitStage(SplitOptions options)
    {
        if (options.Shares.Count == 0 || options.Shares.Any(s => !(s.Share > 0) || string.IsNullOrWhiteSpace(s.Name))
            || options.Shares.DistinctBy(s => s.Name, StringComparer.Ordinal).Count() != options.Shares.Count || Math.Abs(options.Shares.Sum(s => s.Share) - 1) > 1e-9)
        {
            throw new SourceException("The shares of a split need different names, numbers above 0, and 1 as their sum, such as {\"train\": 0.8, \"test\": 0.2}.");
        }

        _options = options;
        var sum = 0.0;
        _until = [.. options.Shares.Select(s => sum += s.Share)];
        // Rounding must leave no row without a side.
        _until[^1] = double.PositiveInfinity;
    }

    /// <summary>Rows on each side so far, in the order of the shares.</summary>
    public IReadOnlyDictionary<string, long> Counts => _options.Shares.Select((s, i) => (s.Name, Count: _counts[i])).ToDictionary(s => s.Name, s => s.Count, StringComparer.Ordinal);

    private readonly long[] _counts = new long[64];

    /// <inheritdoc />
    public ArrowSchema Open(ArrowSchema input)
    {
        if (input.IndexOf(_options.Column) >= 0)
        {
            throw new SourceException($"The data have a column '{_options.Column}' already; give the split another 'column', or leave the split out.");
        }

        if (_options.Keys.FirstOrDefault(k => input.IndexOf(k) < 0) is { } missing)
        {
            throw new SourceException($"The split's key '{missing}' is no column; there are: {string.Join(", ", input.Fields.Take(50).Select(f => f.Name))}.");
        }

        _keys = _options.Keys.Count > 0 ? [.. _options.Keys.Select(input.IndexOf)] : [.. Enumerable.Range(0, input.Fields.Count)];
        var field = new ArrowField(_options.Column, ArrowType.Of(ArrowKind.Utf8), nullable: false);
        return _output = new ArrowSchema([.. input.Fields, field], input.Metadata);
    }

    /// <inheritdoc />
    public RecordBatch Apply(RecordBatch batch)
    {
        var output = _output ?? throw new InvalidOperationException("The stage was not opened.");
        var hashes = new ulong[batch.Length];
        Array.Fill(hashes, RowHash.Start(_options.Seed));
        foreach (var key in _keys)
        {
            RowHash.Add(batch.Column(key), hashes);
        }

        var sides = (Utf8Builder)ColumnBuilder.For(output.Fields[^1]);
        byte[][] names = [.. _options.Shares.Select(s => System.Text.Encoding.UTF8.GetBytes(s.Name))];
        foreach (var hash in hashes)
        {
            // The upper 53 bits are a number from 0 to 1 that every machine computes alike.
            var place = (RowHash.Finish(hash) >> 11) * (1.0 / (1UL << 53));
            var side = 0;
            while (place >= _until[side])
            {
                side++;
            }

            sides.Append(names[side]);
            _counts[side]++;
        }

        return new RecordBatch(output, [.. Enumerable.Range(0, batch.Schema.Fields.Count).Select(batch.Column), sides.Build()]);
    }

    /// <inheritdoc />
    public void Complete()
    {
        // Every row has its side already.
    }
}
