using System.Text.Json;
using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Transforms.Steps;

/// <summary>All products of up to <c>degree</c> features.</summary>
internal sealed class PolynomialFeatures : Transform
{
    private const int MaxOutputs = 65_536;
    private readonly List<int[]> _products = [];

    public PolynomialFeatures(StepContext step)
        : base(step)
    {
        step.RequireNumbers();
        var degree = step.Parameters.Count("degree", 2, 1, 8);
        var distinct = step.Parameters.Flag("interaction_only", false);
        if (step.Parameters.Flag("include_bias", true))
            _products.Add([]);
        for (var size = 1; size <= degree; size++)
            AddProducts(new int[size], 0, 0, distinct);
    }

    public override FittedTransform Load(JsonElement state) => new Fitted(Step, _products);

    private void AddProducts(int[] product, int position, int from, bool distinct)
    {
        if (position == product.Length)
        {
            if (_products.Count == MaxOutputs)
                throw Step.Error($"the step would make more than {MaxOutputs} columns; take fewer columns or a lower 'degree'.");
            _products.Add([.. product]);
            return;
        }

        for (var feature = from; feature < Step.Width; feature++)
        {
            product[position] = feature;
            AddProducts(product, position + 1, distinct ? feature + 1 : feature, distinct);
        }
    }

    private sealed class Fitted(StepContext step, List<int[]> products) : FittedMatrix(step)
    {
        private readonly OutputColumn[] _outputs = [.. products.Select(p => OutputColumn.Scalar(Name(p, step.FeatureNames())))];

        public override IReadOnlyList<OutputColumn> Outputs => _outputs;

        protected override Matrix Apply(StepBatch batch)
        {
            var matrix = Step.Complete(batch);
            var result = new Matrix(matrix.Rows, products.Count);
            for (var row = 0; row < matrix.Rows; row++)
            {
                var from = matrix.Row(row);
                var to = result.Row(row);
                for (var i = 0; i < to.Length; i++)
                {
                    var value = 1.0;
                    foreach (var feature in products[i])
                        value *= from[feature];
                    to[i] = value;
                }
            }

            return result;
        }

        private static string Name(int[] product, IReadOnlyList<string> features) => product.Length == 0
            ? "1"
            : string.Join(' ', product.GroupBy(f => f).Select(g => g.Count() == 1 ? features[g.Key] : $"{features[g.Key]}^{g.Count()}"));
    }
}
