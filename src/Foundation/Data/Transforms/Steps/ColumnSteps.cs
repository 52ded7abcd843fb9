using System.Text.Json;
using EventMl.Arrow;
using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Transforms.Steps;

/// <summary>Puts numbers and vectors behind one another into one vector, which is what a model takes.</summary>
internal sealed class Concatenate : Transform
{
    public Concatenate(StepContext step)
        : base(step)
    {
        step.RequireNumbers();
        if (step.Definition.Output is null)
            throw step.Error("'output' is missing; name the vector column to make.");
    }

    public override FittedTransform Load(JsonElement state) => new Fitted(Step);

    private sealed class Fitted(StepContext step) : FittedMatrix(step)
    {
        protected override Matrix Apply(StepBatch batch) => Step.Numbers(batch);
    }
}

/// <summary>Leaves columns out.</summary>
internal sealed class DropColumns(StepContext step) : Transform(step)
{
    public override FittedTransform Load(JsonElement state) => new Fitted();

    private sealed class Fitted : FittedTransform
    {
        public override IReadOnlyList<OutputColumn> Outputs => [];

        public override IReadOnlyList<Column> Apply(StepBatch batch, StepOutputs outputs) => [];
    }
}
