using EventMl.Arrow;
using EventMl.Sdk;
using EventMl.Torch;

namespace EventMl.Models.Evaluating;

/// <summary>The child process of an evaluation: runs the model over the rows whose <c>split</c> is <c>test</c> and reports accuracy and loss.</summary>
public static class EvaluateJob
{
    internal const string ModelPath = "model_path";
    internal const string DatasetPath = "dataset_path";

    private const int BatchRows = 256;

    /// <summary>Speaks the script protocol on standard input and output; the request's <c>extra</c> names <c>model_path</c> and <c>dataset_path</c>.</summary>
    /// <returns>The process's exit code.</returns>
    public static Task<int> RunAsync() => Task.FromResult(Script.Run((_, _, _, job) =>
        Measure(job.Extra.Text(ModelPath), job.Extra.Text(DatasetPath), job.Progress, job.CancellationToken)));

    /// <summary>Measures a model folder on the test rows of a dataset folder.</summary>
    /// <exception cref="InvalidDataException">The data do not fit the model.</exception>
    internal static IReadOnlyDictionary<string, double> Measure(string modelPath, string datasetPath, Action<long, long, string?> progress, CancellationToken cancellationToken)
    {
        using var model = TrainedModel.Load(modelPath);
        var definition = model.Definition;
        if (definition.Output.Kind != "classification" || definition.Input.Dtype != "uint8")
        {
            throw new InvalidDataException($"Only classification of uint8 input can be measured; this model is {definition.Output.Kind} of {definition.Input.Dtype}.");
        }

        var sampleLength = checked((int)definition.Input.Shape.Aggregate(1L, (a, b) => a * b));
        var score = new Score(definition.Output.Classes);
        var batch = new SampleBatch(BatchRows, sampleLength);
        foreach (var path in Directory.GetFiles(datasetPath, "*.arrow").Order(StringComparer.Ordinal))
        {
            using var file = ArrowFile.Open(path);
            foreach (var rows in file.Batches())
            {
                cancellationToken.ThrowIfCancellationRequested();
                AddTestRows(rows, definition.Input.Name, batch, full => score.Add(model.PredictLogits(full.Samples), full.Labels));
                progress(score.Total, 0, "test rows");
            }
        }

        if (batch.Count > 0)
        {
            score.Add(model.PredictLogits(batch.Samples), batch.Labels);
        }

        return score.Total > 0
            ? score.Metrics()
            : throw new InvalidDataException("The dataset has no row whose 'split' is 'test'; ingest held-out data, or name another dataset to evaluate on.");
    }

    private static void AddTestRows(RecordBatch rows, string inputName, SampleBatch batch, Action<SampleBatch> onFull)
    {
        var samples = rows.Schema.IndexOf(inputName) >= 0 ? rows.Column<BytesColumn>(inputName) : rows.Column<BytesColumn>("image");
        var (split, labels) = (rows.Column("split"), rows.Column("label"));
        for (var i = 0; i < rows.Length; i++)
        {
            if (Text(split, i) != "test")
            {
                continue;
            }

            batch.Add(samples.GetSpan(i), Label(labels, i));
            if (batch.IsFull)
            {
                onFull(batch);
                batch.Clear();
            }
        }
    }

    private static string? Text(Column column, int row) => column switch
    {
        Utf8Column text => text.GetString(row),
        DictionaryColumn text => text.GetString(row),
        _ => throw new InvalidDataException("The column 'split' must hold texts such as 'train' and 'test'."),
    };

    private static long Label(Column column, int row) => column.Field.Type.Kind switch
    {
        _ when column.IsNull(row) => -1,
        ArrowKind.Int64 => column.Values<long>()[row],
        ArrowKind.Int32 => column.Values<int>()[row],
        ArrowKind.Int16 => column.Values<short>()[row],
        ArrowKind.UInt8 => column.Values<byte>()[row],
        _ => throw new InvalidDataException($"The column 'label' is {column.Field.Type}; it must hold whole numbers."),
    };
}
