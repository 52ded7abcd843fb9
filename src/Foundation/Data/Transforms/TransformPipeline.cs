using EventMl.Arrow;
using EventMl.Data.Transforms.Definitions;

namespace EventMl.Data.Transforms;

/// <summary>Steps of feature engineering that are to be fitted; the format is described in docs/transforms.md.</summary>
public sealed class TransformPipeline
{
    private readonly PipelineDefinition _definition;

    private TransformPipeline(PipelineDefinition definition) => _definition = definition;

    /// <summary>Reads a definition in YAML or JSON.</summary>
    /// <exception cref="TransformException">It is not one; the message says what to write instead.</exception>
    public static TransformPipeline Parse(string text) => new(PipelineDefinition.Parse(text));

    /// <summary>Checks the steps against the columns of a dataset, as far as that is possible before data were seen.</summary>
    /// <exception cref="TransformException">A column is missing or of a wrong type, or a parameter is wrong.</exception>
    public void Validate(ArrowSchema schema) => new PipelineFit(_definition, new TransformFitOptions()).Start(schema);

    /// <summary>Learns from data, which are read as often as the steps need: mostly once for each step that depends on the one before it.</summary>
    /// <param name="data">Gives all batches from the beginning, each time the same ones.</param>
    /// <param name="options">What may be kept in memory.</param>
    /// <param name="cancellationToken">Ends the work between two batches.</param>
    /// <exception cref="TransformException">The data do not fit the steps, or there are none.</exception>
    public FittedPipeline Fit(Func<IEnumerable<RecordBatch>> data, TransformFitOptions? options = null, CancellationToken cancellationToken = default)
    {
        var fit = new PipelineFit(_definition, options ?? new TransformFitOptions());
        do
        {
            foreach (var batch in data())
            {
                cancellationToken.ThrowIfCancellationRequested();
                fit.Observe(batch);
            }
        }
        while (fit.NeedsAnotherPass());
        return fit.Finish();
    }
}
