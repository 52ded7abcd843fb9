using System.Text.Json;
using EventMl.Data.Transforms.Fitting;
using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Transforms.Steps;

/// <summary>Makes each feature uniform or normal by its place among the quantiles of all rows.</summary>
internal sealed class QuantileTransformer : Transform
{
    // scikit-learn's: what is nearer to the ends than this is taken for the end.
    private const double Threshold = 1e-7;
    private readonly int _count;
    private readonly bool _normal;

    public QuantileTransformer(StepContext step)
        : base(step)
    {
        step.RequireNumbers();
        _count = step.Parameters.Count("n_quantiles", 1000, 2, 100_000);
        _normal = step.Parameters.Choice("output_distribution", "uniform", "normal") == "normal";
    }

    public override IFitting Begin()
    {
        var count = 0;
        return new QuantilesFitting(Step, rows => Percentages(count = (int)Math.Max(1, Math.Min(_count, rows))), quantiles =>
            new Fitted(Step, [.. Enumerable.Range(0, Step.Width).Select(f => Ascending(Enumerable.Range(0, count).Select(i => quantiles.Get(f, i))))], _normal));
    }

    public override FittedTransform Load(JsonElement state) =>
        new Fitted(Step, Checked(Read<double[][]>(state), s => s.Length == Step.Width && Array.TrueForAll(s, q => q is { Length: > 0 } && q.Length == s[0].Length)), _normal);

    // By way of percentages, as scikit-learn goes: where values repeat, the last bit decides which one a quantile meets.
    private static double[] Percentages(int count) => [.. Spaced.Numbers(0, 1, count).Select(p => p * 100 / 100)];

    // Interpolation between equal values may round downwards.
    private static double[] Ascending(IEnumerable<double> quantiles)
    {
        var highest = double.NegativeInfinity;
        return [.. quantiles.Select(q => highest = Math.Max(highest, q))];
    }

    private sealed class Fitted(StepContext step, double[][] quantiles, bool normal) : FittedMatrix(step)
    {
        private static readonly double s_limit = NormalDistribution.Quantile(Threshold - FloatingPoint.Epsilon);
        private readonly double[] _references = Spaced.Numbers(0, 1, quantiles[0].Length);

        public override object State => quantiles;

        protected override Matrix Apply(StepBatch batch)
        {
            var matrix = Step.Numbers(batch);
            for (var row = 0; row < matrix.Rows; row++)
            {
                var numbers = matrix.Row(row);
                for (var i = 0; i < numbers.Length; i++)
                    numbers[i] = double.IsNaN(numbers[i]) ? double.NaN : Transform(numbers[i], quantiles[i]);
            }

            return matrix;
        }

        private double Transform(double value, double[] of)
        {
            var near = normal ? Threshold : 0;
            var place = value - near <= of[0] ? 0
                : value + near >= of[^1] ? 1
                : 0.5 * (Place(value, of, first: true) + Place(value, of, first: false));
            return normal ? Math.Clamp(NormalDistribution.Quantile(place), s_limit, -s_limit) : place;
        }

        // Where quantiles are equal, the place is the middle between that from below and that from above.
        private double Place(double value, double[] of, bool first)
        {
            var (low, high) = (0, of.Length - 1);
            while (high - low > 1)
            {
                var middle = (low + high) / 2;
                var left = first ? of[middle] >= value : of[middle] > value;
                (low, high) = left ? (low, middle) : (middle, high);
            }

            return _references[low] + ((value - of[low]) * ((_references[high] - _references[low]) / (of[high] - of[low])));
        }
    }
}

/// <summary>Numbers at equal distances, as NumPy's <c>linspace</c> gives them.</summary>
internal static class Spaced
{
    public static double[] Numbers(double from, double to, int count)
    {
        var numbers = new double[count];
        var step = count > 1 ? (to - from) / (count - 1) : 0;
        for (var i = 0; i < count; i++)
            numbers[i] = (i * step) + from;
        if (count > 1)
            numbers[^1] = to;
        return numbers;
    }
}
