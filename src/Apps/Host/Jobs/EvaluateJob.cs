using EventMl.Sdk;
using EventMl.Torch;

namespace EventMl.Host.Jobs;

/// <summary>The built-in evaluation: the model in <c>model/</c> measured on the <c>test</c> split of the dataset in <c>dataset/</c>.</summary>
internal static class EvaluateJob
{
    private const int BatchRows = 256;

    public static Task<int> RunAsync() => Script.RunAsync(job => Task.FromResult<object?>(
        Measure(Path.Combine(job.InputPath, "model"), Path.Combine(job.InputPath, "dataset"), job.Progress, job.CancellationToken)));

    /// <exception cref="InvalidDataException">The data do not fit the model.</exception>
    private static IReadOnlyDictionary<string, double> Measure(string modelPath, string datasetPath, Action<long, long, string?> progress, CancellationToken cancellationToken)
    {
        using var model = TrainedModel.Load(modelPath);
        var definition = model.Definition;
        if (definition.Output.Kind != "classification" || definition.Input.Dtype != "uint8")
        {
            throw new InvalidDataException($"Only classification of uint8 input can be measured; this model is {definition.Output.Kind} of {definition.Input.Dtype}.");
        }

        var score = new Score(definition.Output.Classes);
        foreach (var (samples, labels) in DatasetFolder.Read(datasetPath, "test", definition))
        {
            var sampleLength = samples.Length / labels.Length;
            for (var row = 0; row < labels.Length; row += BatchRows)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var rows = Math.Min(BatchRows, labels.Length - row);
                score.Add(model.PredictLogits(samples.Span.Slice(row * sampleLength, rows * sampleLength)), labels.Span.Slice(row, rows));
            }

            progress(score.Total, 0, "test rows");
        }

        return score.Total > 0
            ? score.Metrics()
            : throw new InvalidDataException("The dataset has no row whose 'split' is 'test'; ingest held-out data, or name another dataset to evaluate on.");
    }
}
