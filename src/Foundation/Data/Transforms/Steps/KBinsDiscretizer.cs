using System.Text.Json;
using EventMl.Data.Transforms.Fitting;
using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Transforms.Steps;

/// <summary>The number of the bin a value falls into, or a column of 0 and 1 for each bin.</summary>
internal sealed class KBinsDiscretizer : Transform
{
    // scikit-learn's: a narrower bin is none.
    private const double MinWidth = 1e-8;
    private readonly int _bins;
    private readonly bool _ordinal;
    private readonly string _strategy;

    public KBinsDiscretizer(StepContext step)
        : base(step)
    {
        step.RequireNumbers();
        _bins = step.Parameters.Count("n_bins", 5, 2, 10_000);
        _ordinal = step.Parameters.Choice("encode", "onehot", "ordinal") == "ordinal";
        _strategy = step.Parameters.Choice("strategy", "quantile", "uniform", "kmeans");
    }

    public override IFitting Begin() => _strategy switch
    {
        "uniform" => new MomentsFitting(Step, features => Make([.. features.Select(f => Spaced.Numbers(f.Min, f.Max, _bins + 1))]), complete: true),
        "kmeans" => new Clusters(this),
        _ => new QuantilesFitting(
            Step,
            _ => [.. Spaced.Numbers(0, 100, _bins + 1).Select(p => p / 100)],
            quantiles => Make([.. Enumerable.Range(0, Step.Width).Select(f => Enumerable.Range(0, _bins + 1).Select(i => quantiles.Get(f, i)).ToArray())]),
            complete: true),
    };

    public override FittedTransform Load(JsonElement state) =>
        new Fitted(Step, Checked(Read<double[][]>(state), s => s.Length == Step.Width && Array.TrueForAll(s, e => e is { Length: >= 2 })), _ordinal);

    private Fitted Make(double[][] edges) => new(Step, [.. edges.Select(Widen)], _ordinal);

    private double[] Widen(double[] edges) =>
        edges[0] == edges[^1] ? [double.NegativeInfinity, double.PositiveInfinity]
        : _strategy == "uniform" ? edges
        : [.. edges.Where((edge, i) => i == 0 || edge - edges[i - 1] > MinWidth)];

    private sealed class Clusters(KBinsDiscretizer bins) : IFitting
    {
        private readonly KMeansEdges[] _features = [.. Enumerable.Range(0, bins.Step.Width).Select(_ => new KMeansEdges(bins._bins))];

        public void Observe(StepBatch batch)
        {
            var matrix = bins.Step.Complete(batch);
            for (var row = 0; row < matrix.Rows; row++)
            {
                var numbers = matrix.Row(row);
                for (var i = 0; i < numbers.Length; i++)
                    _features[i].Add(numbers[i]);
            }
        }

        public bool NeedsAnotherPass()
        {
            foreach (var feature in _features)
                feature.EndPass();
            return !Array.TrueForAll(_features, f => f.IsDone);
        }

        public FittedTransform Finish() => _features[0].Count > 0
            ? bins.Make([.. _features.Select(f => f.Edges)])
            : throw bins.Step.Error("there are no rows to learn from.");
    }

    private sealed class Fitted : FittedMatrix
    {
        private readonly double[][] _edges;
        private readonly int[]? _starts;
        private readonly IReadOnlyList<OutputColumn> _outputs;

        public Fitted(StepContext step, double[][] edges, bool ordinal)
            : base(step)
        {
            _edges = edges;
            if (ordinal)
            {
                _outputs = step.Same();
                return;
            }

            var names = step.FeatureNames();
            _outputs = [.. edges.SelectMany((e, f) => Enumerable.Range(0, e.Length - 1).Select(bin => OutputColumn.Scalar($"{names[f]}_{bin}.0")))];
            _starts = new int[edges.Length];
            for (var f = 1; f < edges.Length; f++)
                _starts[f] = _starts[f - 1] + edges[f - 1].Length - 1;
        }

        public override IReadOnlyList<OutputColumn> Outputs => _outputs;

        public override object State => _edges;

        protected override Matrix Apply(StepBatch batch)
        {
            var matrix = Step.Complete(batch);
            var result = _starts is null ? matrix : new Matrix(matrix.Rows, _outputs.Count);
            for (var row = 0; row < matrix.Rows; row++)
            {
                var from = matrix.Row(row);
                var to = result.Row(row);
                for (var f = 0; f < from.Length; f++)
                {
                    if (_starts is null)
                        to[f] = Bin(_edges[f], from[f]);
                    else
                        to[_starts[f] + Bin(_edges[f], from[f])] = 1;
                }
            }

            return result;
        }

        /// <summary>How many inner edges are not above the value.</summary>
        private static int Bin(double[] edges, double value)
        {
            var (low, high) = (1, edges.Length - 1);
            while (low < high)
            {
                var middle = (low + high) / 2;
                (low, high) = edges[middle] <= value ? (middle + 1, high) : (low, middle);
            }

            return low - 1;
        }
    }
}
