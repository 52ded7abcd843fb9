using System.Text.Json;
using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Transforms.Steps;

/// <summary>Divides every row by its norm over the step's columns; a row of zeros stays.</summary>
internal sealed class Normalizer : Transform
{
    private readonly string _norm;

    public Normalizer(StepContext step)
        : base(step)
    {
        step.RequireNumbers();
        _norm = step.Parameters.Choice("norm", "l2", "l1", "max");
    }

    public override FittedTransform Load(JsonElement state) => new Fitted(Step, _norm);

    /// <summary>Divides numbers by their norm unless that is 0.</summary>
    public static void Normalize(Span<double> numbers, string norm)
    {
        var sum = 0.0;
        foreach (var number in numbers)
            sum = norm == "l2" ? sum + (number * number) : norm == "l1" ? sum + Math.Abs(number) : Math.Max(sum, Math.Abs(number));
        var length = norm == "l2" ? Math.Sqrt(sum) : sum;
        for (var i = 0; length != 0 && i < numbers.Length; i++)
            numbers[i] /= length;
    }

    private sealed class Fitted(StepContext step, string norm) : FittedMatrix(step)
    {
        protected override Matrix Apply(StepBatch batch)
        {
            var matrix = Step.Complete(batch);
            for (var row = 0; row < matrix.Rows; row++)
                Normalize(matrix.Row(row), norm);
            return matrix;
        }
    }
}
