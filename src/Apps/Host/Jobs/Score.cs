namespace EventMl.Host.Jobs;

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
