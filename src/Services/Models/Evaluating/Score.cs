namespace EventMl.Models.Evaluating;

/// <summary>Samples of equal length, one after the other, with their classes.</summary>
internal sealed class SampleBatch(int rows, int sampleLength)
{
    private readonly byte[] _samples = new byte[checked(rows * sampleLength)];
    private readonly long[] _labels = new long[rows];

    public int Count { get; private set; }

    public bool IsFull => Count == rows;

    public ReadOnlySpan<byte> Samples => _samples.AsSpan(0, Count * sampleLength);

    public ReadOnlySpan<long> Labels => _labels.AsSpan(0, Count);

    /// <exception cref="InvalidDataException">The sample has another length.</exception>
    public void Add(ReadOnlySpan<byte> sample, long label)
    {
        if (sample.Length != sampleLength)
        {
            throw new InvalidDataException($"A test row has {sample.Length} bytes; the model takes {sampleLength}.");
        }

        sample.CopyTo(_samples.AsSpan(Count * sampleLength));
        _labels[Count++] = label;
    }

    public void Clear() => Count = 0;
}

/// <summary>Accuracy and mean cross entropy of a classifier, summed in double.</summary>
internal sealed class Score(int classes)
{
    private double _loss;
    private long _correct;

    public long Total { get; private set; }

    /// <exception cref="InvalidDataException">A label is no class of the model.</exception>
    public void Add(float[][] logits, ReadOnlySpan<long> labels)
    {
        for (var i = 0; i < logits.Length; i++)
        {
            if (labels[i] < 0 || labels[i] >= classes)
            {
                throw new InvalidDataException($"A test row has the label {labels[i]}; the model knows the classes 0 to {classes - 1}.");
            }

            var row = logits[i];
            var best = Array.IndexOf(row, row.Max());
            _correct += best == labels[i] ? 1 : 0;
            _loss += row.Max() + Math.Log(row.Sum(x => Math.Exp((double)x - row[best]))) - row[labels[i]];
            Total++;
        }
    }

    public IReadOnlyDictionary<string, double> Metrics() => new Dictionary<string, double>(StringComparer.Ordinal)
    {
        ["accuracy"] = (double)_correct / Total,
        ["loss"] = _loss / Total,
        ["correct"] = _correct,
        ["total"] = Total,
    };
}
