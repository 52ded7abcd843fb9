using EventMl.Arrow;
using EventMl.Data.Transforms.Definitions;
using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Transforms;

/// <summary>A step bound to columns that exist: what a transform is made from.</summary>
/// <param name="Number">Its place in the pipeline, from 1.</param>
/// <param name="Definition">The step as written.</param>
/// <param name="Fields">Its columns, with wildcards resolved.</param>
/// <param name="Target">The label that a selection looks at, or null.</param>
/// <param name="Limits">What fitting may keep in memory.</param>
internal sealed record StepContext(int Number, StepDefinition Definition, IReadOnlyList<ArrowField> Fields, ArrowField? Target, TransformFitOptions Limits)
{
    public const string TargetKey = "target";

    public string Place => $"step {Number} ({Definition.Name})";

    public StepParameters Parameters { get; } = new($"step {Number} ({Definition.Name})", Definition.Parameters);

    /// <summary>Numbers in a row of all columns.</summary>
    public int Width => Fields.Sum(f => f.Type.Width());

    public TransformException Error(string message) => new($"{Place}: {message}");

    /// <summary>Refuses columns of another type than the transform works on.</summary>
    public void Require(Func<ArrowType, bool> fits, string what)
    {
        if (Fields.FirstOrDefault(f => !fits(f.Type)) is { } wrong)
            throw Error($"column '{wrong.Name}' is {wrong.Type}; {Definition.Name} works on {what}.");
    }

    public void RequireNumbers() => Require(t => t.IsNumber() || t.IsVector(), "numbers and vectors of numbers; encode texts first");

    /// <summary>The columns of a batch as numbers, missing ones NaN.</summary>
    public Matrix Numbers(StepBatch batch) => NumberReader.Read(Place, batch.Columns, batch.Rows);

    /// <summary>The same where nothing may be missing.</summary>
    public Matrix Complete(StepBatch batch)
    {
        var matrix = Numbers(batch);
        if (matrix.Data.AsSpan().IndexOfAnyExceptInRange(double.MinValue, double.MaxValue) is var missing and >= 0)
            throw Error($"column '{FeatureNames()[missing % matrix.Width]}' has no value in row {missing / matrix.Width} of the batch; put a SimpleImputer before this step.");
        return matrix;
    }

    /// <summary>One name for every number in a row: the column's, with its place where it is a vector.</summary>
    public IReadOnlyList<string> FeatureNames() =>
        [.. Fields.SelectMany(f => f.Type.IsVector() ? Enumerable.Range(0, f.Type.Size).Select(i => $"{f.Name}_{i}") : [f.Name])];

    /// <summary>Columns like the ones given: what a transform makes that changes numbers but not their meaning.</summary>
    public IReadOnlyList<OutputColumn> Same() => [.. Fields.Select(f => f.Type.IsVector() ? OutputColumn.Vector(f.Name, f.Type.Size) : OutputColumn.Scalar(f.Name))];
}

/// <summary>A step's columns in one batch.</summary>
internal sealed record StepBatch(IReadOnlyList<Column> Columns, Column? Target, int Rows);
