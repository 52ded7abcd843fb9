using System.Text.Json;
using EventMl.Arrow;
using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Transforms;

/// <summary>A transform bound to columns, its parameters read and checked.</summary>
internal abstract class Transform(StepContext step)
{
    protected StepContext Step { get; } = step;

    /// <summary>Starts to learn from data; null where there is nothing to learn.</summary>
    public virtual IFitting? Begin() => null;

    /// <summary>The transform with what it learned; a transform that learns nothing ignores the state.</summary>
    public abstract FittedTransform Load(JsonElement state);

    /// <exception cref="TransformException">The state is not one that this transform has written.</exception>
    protected T Read<T>(JsonElement state)
        where T : class
    {
        try
        {
            return state.Deserialize<T>(FittedState.Json) ?? throw Step.Error("the stored parameters are missing.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new TransformException($"{Step.Place}: the stored parameters are damaged: {e.Message}", e);
        }
    }

    /// <summary>Refuses stored numbers that do not fit the columns.</summary>
    protected T Checked<T>(T state, Func<T, bool> fits) =>
        fits(state) ? state : throw Step.Error("the stored parameters do not fit the step's columns; fit the pipeline again.");
}

/// <summary>A transform while it reads the data, once or several times.</summary>
internal interface IFitting
{
    void Observe(StepBatch batch);

    /// <summary>Ends a pass over all data; true where another one is needed.</summary>
    bool NeedsAnotherPass();

    FittedTransform Finish();
}

/// <summary>A transform that has learned what it needs.</summary>
internal abstract class FittedTransform
{
    /// <summary>The columns it makes.</summary>
    public abstract IReadOnlyList<OutputColumn> Outputs { get; }

    /// <summary>What it learned, for <see cref="Transform.Load"/>; null where it learned nothing.</summary>
    public virtual object? State => null;

    public abstract IReadOnlyList<Column> Apply(StepBatch batch, StepOutputs outputs);
}

/// <summary>A transform that makes numbers.</summary>
internal abstract class FittedMatrix(StepContext step) : FittedTransform
{
    protected StepContext Step { get; } = step;

    public override IReadOnlyList<OutputColumn> Outputs => Step.Same();

    public override IReadOnlyList<Column> Apply(StepBatch batch, StepOutputs outputs) => outputs.Pack(Apply(batch));

    protected abstract Matrix Apply(StepBatch batch);
}

/// <summary>How learned parameters are written: doubles round-trip exactly.</summary>
internal static class FittedState
{
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };
}
