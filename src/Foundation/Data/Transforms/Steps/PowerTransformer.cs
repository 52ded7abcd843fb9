using System.Text.Json;
using EventMl.Data.Transforms.Fitting;
using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Transforms.Steps;

/// <summary>A power of each feature that makes it most like a normal distribution.</summary>
internal sealed class PowerTransformer : Transform
{
    private readonly bool _positive;
    private readonly bool _standardize;

    public PowerTransformer(StepContext step)
        : base(step)
    {
        step.RequireNumbers();
        _positive = step.Parameters.Choice("method", "yeo-johnson", "box-cox") == "box-cox";
        _standardize = step.Parameters.Flag("standardize", true);
    }

    public override IFitting Begin() => new Fitting(this);

    public override FittedTransform Load(JsonElement state) => new Fitted(
        Step, Checked(Read<State>(state), s => s.Lambdas.Length == Step.Width && s.Center.Length == Step.Width && s.Scale.Length == Step.Width), _positive);

    private Matrix Numbers(StepBatch batch) => Positive(Step, Step.Numbers(batch), _positive);

    private static Matrix Positive(StepContext step, Matrix matrix, bool positive)
    {
        // A comparison with NaN is false, so what is missing passes.
        var wrong = positive ? Array.FindIndex(matrix.Data, v => v <= 0) : -1;
        return wrong < 0 ? matrix : throw step.Error(
            $"column '{step.FeatureNames()[wrong % matrix.Width]}' is {matrix.Data[wrong]} in row {wrong / matrix.Width} of the batch; box-cox takes numbers above 0, yeo-johnson all.");
    }

    private sealed record State(double[] Lambdas, double[] Center, double[] Scale);

    /// <summary>Narrows each λ down pass by pass, then standardises in one pass more.</summary>
    private sealed class Fitting(PowerTransformer power) : IFitting
    {
        private readonly PowerSearch[] _features = [.. Enumerable.Range(0, power.Step.Width).Select(_ => new PowerSearch(power._positive))];
        private Moments[]? _moments;

        public void Observe(StepBatch batch)
        {
            var matrix = power.Numbers(batch);
            for (var row = 0; row < matrix.Rows; row++)
            {
                var numbers = matrix.Row(row);
                for (var i = 0; i < numbers.Length; i++)
                {
                    if (_moments is not null)
                        _moments[i].Add(PowerSearch.Transform(numbers[i], _features[i].Lambda, power._positive));
                    else if (!double.IsNaN(numbers[i]))
                        _features[i].Add(numbers[i]);
                }
            }
        }

        public bool NeedsAnotherPass()
        {
            if (_moments is not null)
                return false;
            var empty = Array.FindIndex(_features, f => f.Count == 0);
            if (empty >= 0)
                throw power.Step.Error($"column '{power.Step.FeatureNames()[empty]}' has no value at all; leave it out.");
            foreach (var feature in _features)
                feature.EndPass();
            if (Array.TrueForAll(_features, f => f.IsDone))
                _moments = Moments.For(_features.Length);
            return true;
        }

        public FittedTransform Finish() => new Fitted(power.Step, new State(
            [.. _features.Select(f => f.Lambda)],
            [.. _moments!.Select(m => power._standardize ? m.Mean : 0)],
            [.. _moments!.Select(m => power._standardize ? StandardScaler.Deviation(m) : 1)]), power._positive);
    }

    private sealed class Fitted(StepContext step, State state, bool positive) : FittedMatrix(step)
    {
        public override object State => state;

        protected override Matrix Apply(StepBatch batch)
        {
            var matrix = Positive(Step, Step.Numbers(batch), positive);
            for (var row = 0; row < matrix.Rows; row++)
            {
                var numbers = matrix.Row(row);
                for (var i = 0; i < numbers.Length; i++)
                    numbers[i] = (PowerSearch.Transform(numbers[i], state.Lambdas[i], positive) - state.Center[i]) / state.Scale[i];
            }

            return matrix;
        }
    }
}
