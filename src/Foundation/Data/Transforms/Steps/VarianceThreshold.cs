namespace EventMl.Data.Transforms.Steps;

/// <summary>Keeps features whose variance is above a threshold.</summary>
internal sealed class VarianceThreshold : Selection
{
    private readonly double _threshold;

    public VarianceThreshold(StepContext step)
        : base(step)
    {
        step.RequireNumbers();
        _threshold = step.Parameters.Number("threshold", 0, min: 0);
    }

    public override IFitting Begin() => new MomentsFitting(Step, features =>
    {
        // A feature of equal values has no variance, whatever rounding makes of it.
        double[] variances = [.. features.Select(f => _threshold == 0 ? Math.Min(f.Variance, f.Max - f.Min) : f.Variance)];
        return Keep(Enumerable.Range(0, variances.Length).Where(i => variances[i] > _threshold), variances);
    });
}
