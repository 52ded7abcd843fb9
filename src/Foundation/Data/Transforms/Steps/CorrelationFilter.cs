using EventMl.Data.Transforms.Fitting;

namespace EventMl.Data.Transforms.Steps;

/// <summary>Drops each feature that is correlated too closely with one before it that stays.</summary>
internal sealed class CorrelationFilter : Selection
{
    private const int MaxFeatures = 2000;
    private readonly double _threshold;

    public CorrelationFilter(StepContext step)
        : base(step)
    {
        step.RequireNumbers();
        _threshold = step.Parameters.Number("threshold", 0.95, min: 0, max: 1);
        if (step.Width > MaxFeatures)
            throw step.Error($"{step.Width} features have too many pairs; at most {MaxFeatures} are compared. Reduce them first, for instance with SelectKBest.");
    }

    public override IFitting Begin() => new Fitting(this);

    private sealed class Fitting(CorrelationFilter filter) : IFitting
    {
        private readonly CompensatedSum[] _sums = new CompensatedSum[filter.Step.Width];
        private readonly CompensatedSum[] _products = new CompensatedSum[filter.Step.Width * (filter.Step.Width + 1) / 2];
        private double[]? _shift;
        private long _count;

        public void Observe(StepBatch batch)
        {
            var matrix = filter.Step.Complete(batch);
            for (var row = 0; row < matrix.Rows; row++)
            {
                var numbers = matrix.Row(row);
                _shift ??= numbers.ToArray();
                _count++;
                var pair = 0;
                for (var i = 0; i < numbers.Length; i++)
                {
                    numbers[i] -= _shift[i];
                    _sums[i].Add(numbers[i]);
                    for (var j = 0; j <= i; j++)
                        _products[pair++].AddProduct(numbers[i], numbers[j]);
                }
            }
        }

        public bool NeedsAnotherPass() => false;

        public FittedTransform Finish()
        {
            if (_count == 0)
                throw filter.Step.Error("there are no rows to learn from.");
            var (kept, highest) = (new List<int>(), new double[_sums.Length]);
            for (var i = 0; i < _sums.Length; i++)
            {
                highest[i] = kept.Count == 0 ? 0 : kept.Max(j => Math.Abs(Correlation(i, j)));
                if (highest[i] <= filter._threshold)
                    kept.Add(i);
            }

            return filter.Keep(kept, highest);
        }

        private double Covariance(int i, int j) => _products[(i * (i + 1) / 2) + j].MinusProduct(_sums[i], _sums[j], _count);

        // A constant feature is correlated with nothing.
        private double Correlation(int i, int j) => Covariance(i, j) / Math.Sqrt(Covariance(i, i) * Covariance(j, j)) is var r && double.IsFinite(r) ? r : 0;
    }
}
