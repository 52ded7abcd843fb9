namespace EventMl.Data.Vectors;

/// <summary>What one look at all rows tells: how many can be indexed, and some of them by chance (reservoir sampling).</summary>
internal sealed class VectorSample(VectorMetric metric, VectorIndexOptions options)
{
    private const long MaxBytes = 256L << 20;
    private const int MaxQueries = 256;

    private readonly SplitMix _random = new(options.Seed);
    private readonly List<long> _ids = [];
    private float[] _rows = [];
    private float[] _scratch = [];
    private int _capacity;

    public int Dimensions { get; private set; }

    public int Stride => VectorBatch.StrideOf(Dimensions);

    /// <summary>Rows that can be indexed.</summary>
    public long Rows { get; private set; }

    /// <summary>Rows that cannot.</summary>
    public long Skipped { get; private set; }

    /// <summary>Sampled rows that clusters are learnt from, <see cref="Stride"/> apart; directions where angles are compared.</summary>
    public ReadOnlyMemory<float> Learnt => _rows.AsMemory(Asked * Stride, (_ids.Count - Asked) * Stride);

    /// <summary>Sampled rows to measure recall with; clusters that had learnt them too would find them too easily.</summary>
    public ReadOnlySpan<float> Queries => _rows.AsSpan(0, Asked * Stride);

    /// <summary>The ids of the <see cref="Queries"/>.</summary>
    public IReadOnlyList<long> QueryIds => _ids[..Asked];

    private int Asked => Math.Min(MaxQueries, _ids.Count / 4);

    /// <summary>Whether a row belongs into an index: it and its length are finite, and it has a direction where that is needed.</summary>
    public static bool IsUsable(VectorMetric metric, VectorBatch batch, int row, ReadOnlySpan<float> values)
    {
        var square = ScoreKernel.One<Product>(values, values);
        return square <= float.MaxValue && (square > 0 || metric != VectorMetric.Cosine) && batch.HasVector(row);
    }

    public void Observe(VectorBatch batch)
    {
        if (Dimensions == 0)
            Begin(batch.Dimensions);
        if (batch.Dimensions != Dimensions)
            throw new ArgumentException($"A batch has vectors of {batch.Dimensions} components; the first had {Dimensions}.", nameof(batch));
        var chunk = _scratch.Length / Stride;
        for (var start = 0; start < batch.Length; start += chunk)
        {
            var rows = batch.Rows(start, Math.Min(chunk, batch.Length - start), _scratch);
            for (var row = 0; row < rows.Length / Stride; row++)
                Observe(batch, start + row, rows.Slice(row * Stride, Stride));
        }
    }

    private void Begin(int dimensions)
    {
        Dimensions = dimensions;
        _capacity = (int)Math.Clamp(MaxBytes / (sizeof(float) * Stride), 1, options.SampleRows);
        _scratch = new float[RowScorer.ChunkRows(Stride) * Stride];
    }

    private void Observe(VectorBatch batch, int row, ReadOnlySpan<float> values)
    {
        if (!IsUsable(metric, batch, row, values))
        {
            Skipped++;
            return;
        }

        var place = Rows < _capacity ? Rows : _random.Below(Rows + 1);
        Rows++;
        if (place >= _capacity)
            return;
        if (place == _ids.Count)
        {
            _ids.Add(0);
            if (_rows.Length < _ids.Count * Stride)
                Array.Resize(ref _rows, (int)Math.Min((long)_capacity * Stride, Math.Max(1024L * Stride, 2L * _rows.Length)));
        }

        _ids[(int)place] = batch.RowId(row);
        var target = _rows.AsSpan((int)place * Stride, Stride);
        if (metric == VectorMetric.Cosine)
            Distances.Normalize(values, target);
        else
            values.CopyTo(target);
    }
}
