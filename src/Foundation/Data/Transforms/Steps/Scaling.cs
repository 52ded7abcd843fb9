using System.Text.Json;
using EventMl.Data.Transforms.Fitting;
using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Transforms.Steps;

/// <summary>x → (x − center) ÷ scale, for every feature; a missing value stays missing.</summary>
internal sealed class FittedScale(StepContext step, ScaleState state) : FittedMatrix(step)
{
    public override object State => state;

    protected override Matrix Apply(StepBatch batch)
    {
        var matrix = Step.Numbers(batch);
        for (var row = 0; row < matrix.Rows; row++)
        {
            var numbers = matrix.Row(row);
            for (var i = 0; i < numbers.Length; i++)
                numbers[i] = (numbers[i] - state.Center[i]) / state.Scale[i];
        }

        return matrix;
    }
}

internal sealed record ScaleState(double[] Center, double[] Scale);

/// <summary>What scalers share.</summary>
internal abstract class Scaler : Transform
{
    protected Scaler(StepContext step)
        : base(step) => step.RequireNumbers();

    public override FittedTransform Load(JsonElement state) =>
        new FittedScale(Step, Checked(Read<ScaleState>(state), s => s.Center.Length == Step.Width && s.Scale.Length == Step.Width));

    /// <summary>A divisor that leaves constant features as they are.</summary>
    protected static double NonZero(double scale) => scale < 10 * FloatingPoint.Epsilon ? 1 : scale;
}

/// <summary>Numbers of IEEE 754 that the field calls by these names.</summary>
internal static class FloatingPoint
{
    /// <summary>The distance from 1 to the next double.</summary>
    public const double Epsilon = 2.220446049250313e-16;
}

/// <summary>Learns from moments of every feature.</summary>
internal sealed class MomentsFitting(StepContext step, Func<Moments[], FittedTransform> finish, bool complete = false) : IFitting
{
    private readonly Moments[] _features = Moments.For(step.Width);

    public void Observe(StepBatch batch) => Moments.Add(_features, complete ? step.Complete(batch) : step.Numbers(batch));

    public bool NeedsAnotherPass() => false;

    public FittedTransform Finish()
    {
        var empty = Array.FindIndex(_features, f => f.Count == 0);
        return empty < 0 ? finish(_features) : throw step.Error($"column '{step.FeatureNames()[empty]}' has no value at all; leave it out.");
    }
}

/// <summary>Learns from quantiles of every feature.</summary>
internal sealed class QuantilesFitting(StepContext step, Func<long, IReadOnlyList<double>> probabilities, Func<ExactQuantiles, FittedTransform> finish, bool complete = false) : IFitting
{
    private readonly ExactQuantiles _quantiles = new(step.Width, probabilities, step.Limits.ValuesInMemory);

    public void Observe(StepBatch batch) => _quantiles.Add(complete ? step.Complete(batch) : step.Numbers(batch));

    public bool NeedsAnotherPass() => _quantiles.NeedsAnotherPass();

    public FittedTransform Finish()
    {
        var empty = Enumerable.Range(0, step.Width).FirstOrDefault(f => _quantiles.Count(f) == 0, -1);
        return empty < 0 ? finish(_quantiles) : throw step.Error($"column '{step.FeatureNames()[empty]}' has no value at all; leave it out.");
    }
}

/// <summary>Mean 0 and variance 1.</summary>
internal sealed class StandardScaler(StepContext step) : Scaler(step)
{
    private readonly bool _withMean = step.Parameters.Flag("with_mean", true);
    private readonly bool _withStd = step.Parameters.Flag("with_std", true);

    public override IFitting Begin() => new MomentsFitting(Step, features => new FittedScale(Step, new ScaleState(
        [.. features.Select(f => _withMean ? f.Mean : 0)], [.. features.Select(f => _withStd ? Deviation(f) : 1)])));

    // A variance within the rounding errors of its own sum is none.
    public static double Deviation(Moments feature)
    {
        var (n, variance) = ((double)feature.Count, feature.Variance);
        var noise = n * feature.Mean * FloatingPoint.Epsilon;
        return variance <= (n * FloatingPoint.Epsilon * variance) + (noise * noise) ? 1 : Math.Sqrt(variance);
    }
}

/// <summary>The largest absolute value becomes 1.</summary>
internal sealed class MaxAbsScaler(StepContext step) : Scaler(step)
{
    public override IFitting Begin() => new MomentsFitting(Step, features => new FittedScale(Step, new ScaleState(
        new double[features.Length], [.. features.Select(f => NonZero(Math.Max(Math.Abs(f.Min), Math.Abs(f.Max))))])));
}

/// <summary>Median 0 and quantile range 1.</summary>
internal sealed class RobustScaler : Scaler
{
    private readonly bool _withCentering;
    private readonly bool _withScaling;
    private readonly double _low;
    private readonly double _high;
    private readonly double _unit;

    public RobustScaler(StepContext step)
        : base(step)
    {
        (_withCentering, _withScaling) = (step.Parameters.Flag("with_centering", true), step.Parameters.Flag("with_scaling", true));
        var range = step.Parameters.Numbers("quantile_range", 2) ?? [25, 75];
        if (!(range[0] >= 0 && range[0] < range[1] && range[1] <= 100))
            throw step.Error($"'quantile_range' is [{range[0]}, {range[1]}]; it is two percentages, the smaller one first.");
        (_low, _high) = (range[0] / 100, range[1] / 100);
        _unit = step.Parameters.Flag("unit_variance", false) ? NormalDistribution.Quantile(_high) - NormalDistribution.Quantile(_low) : 1;
        if (!double.IsFinite(_unit))
            throw step.Error("'unit_variance' needs a 'quantile_range' inside 0 and 100.");
    }

    public override IFitting Begin() => new QuantilesFitting(Step, _ => [_low, 0.5, _high], quantiles => new FittedScale(Step, new ScaleState(
        [.. Features(i => _withCentering ? quantiles.Get(i, 1) : 0)],
        [.. Features(i => _withScaling ? NonZero(quantiles.Get(i, 2) - quantiles.Get(i, 0)) / _unit : 1)])));

    private IEnumerable<double> Features(Func<int, double> of) => Enumerable.Range(0, Step.Width).Select(of);
}

/// <summary>Smallest and largest value become the ends of a range.</summary>
internal sealed class MinMaxScaler : Scaler
{
    private readonly double _low;
    private readonly double _high;
    private readonly bool _clip;

    public MinMaxScaler(StepContext step)
        : base(step)
    {
        var range = step.Parameters.Numbers("feature_range", 2) ?? [0, 1];
        if (!(range[0] < range[1]))
            throw step.Error($"'feature_range' is [{range[0]}, {range[1]}]; the smaller one comes first.");
        (_low, _high, _clip) = (range[0], range[1], step.Parameters.Flag("clip", false));
    }

    public override IFitting Begin() => new MomentsFitting(Step, features =>
    {
        double[] scale = [.. features.Select(f => (_high - _low) / NonZero(f.Max - f.Min))];
        return new Fitted(Step, new State([.. features.Select((f, i) => _low - (f.Min * scale[i]))], scale), _clip ? (_low, _high) : null);
    });

    public override FittedTransform Load(JsonElement state) =>
        new Fitted(Step, Checked(Read<State>(state), s => s.Min.Length == Step.Width && s.Scale.Length == Step.Width), _clip ? (_low, _high) : null);

    private sealed record State(double[] Min, double[] Scale);

    private sealed class Fitted(StepContext step, State state, (double Low, double High)? clip) : FittedMatrix(step)
    {
        public override object State => state;

        protected override Matrix Apply(StepBatch batch)
        {
            var matrix = Step.Numbers(batch);
            for (var row = 0; row < matrix.Rows; row++)
            {
                var numbers = matrix.Row(row);
                for (var i = 0; i < numbers.Length; i++)
                {
                    var scaled = (numbers[i] * state.Scale[i]) + state.Min[i];
                    numbers[i] = clip is { } range ? Math.Clamp(scaled, range.Low, range.High) : scaled;
                }
            }

            return matrix;
        }
    }
}
