using EventMl.Arrow;
using EventMl.Data.Transforms.Definitions;

namespace EventMl.Data.Transforms;

/// <summary>Fits steps side by side where none waits for what another makes, else one after the other.</summary>
internal sealed class PipelineFit(PipelineDefinition definition, TransformFitOptions limits)
{
    private readonly Stage[] _stages = [.. definition.Steps.Select(s => new Stage(s))];
    private ArrowSchema? _schema;

    /// <summary>Binds the steps that can be bound and checks them.</summary>
    public void Start(ArrowSchema schema)
    {
        _schema = schema;
        Bind();
    }

    public void Observe(RecordBatch batch)
    {
        if (_schema is null)
            Start(batch.Schema);
        var current = batch;
        foreach (var stage in _stages)
        {
            if (stage.Fitted is { } fitted)
                current = fitted.Apply(current);
            else
                stage.Fitting?.Observe(FittedStep.Bind(stage.Context!, current, withTarget: true));
        }
    }

    public bool NeedsAnotherPass()
    {
        if (_schema is null)
            throw new TransformException("There are no data to fit the pipeline on; give at least one batch.");
        foreach (var stage in _stages)
        {
            if (stage.Fitting is { } fitting && !fitting.NeedsAnotherPass())
                stage.Finish(fitting.Finish());
        }

        Bind();
        return Array.Exists(_stages, s => s.Fitted is null);
    }

    public FittedPipeline Finish() => new(_schema!, [.. _stages.Select(s => s.Fitted!)]);

    private void Bind()
    {
        var schema = _schema!;
        for (var i = 0; i < _stages.Length; i++)
        {
            var stage = _stages[i];
            var waiting = _stages.Take(i).Where(s => s.Fitted is null).ToList();
            if (stage is { Fitted: null, Fitting: null } && !waiting.Exists(w => Touches(w, stage.Definition, schema)))
                Bind(stage, i + 1, schema, mayWait: waiting.Count > 0);
            if (stage.Fitted is { } fitted)
                schema = fitted.Apply(schema);
        }
    }

    private void Bind(Stage stage, int number, ArrowSchema schema, bool mayWait)
    {
        if (StepBinding.Bind(stage.Definition, number, schema, limits, mayWait) is not { } context)
            return;
        var transform = TransformCatalog.Make(context);
        stage.Context = context;
        stage.Fitting = transform.Begin();
        if (stage.Fitting is null)
            stage.Finish(transform.Load(default));
    }

    // A wildcard may mean columns that are not there yet.
    private static bool Touches(Stage earlier, StepDefinition step, ArrowSchema schema) => StepBinding.HasWildcard(step)
        || schema.Fields.Any(f => StepBinding.Uses(earlier.Definition, f.Name) && (StepBinding.Uses(step, f.Name) || step.Parameters[StepContext.TargetKey]?.ToString() == f.Name));

    private sealed class Stage(StepDefinition definition)
    {
        public StepDefinition Definition => definition;

        public StepContext? Context { get; set; }

        public IFitting? Fitting { get; set; }

        public FittedStep? Fitted { get; private set; }

        public void Finish(FittedTransform transform)
        {
            Fitted = new FittedStep(Context!, transform);
            Fitting = null;
        }
    }
}
