using EventMl.Sdk;
using EventMl.Torch;

namespace EventMl.Host.Jobs;

/// <summary>The built-in trainer: a declared model on the <c>train</c> split, measured on the <c>test</c> split after each epoch.</summary>
internal static class TrainJob
{
    public static Task<int> RunAsync() => Script.RunAsync(async job =>
    {
        var model = ModelDefinition.Parse(job.Extra.Json.GetRawText());
        var options = TrainerParameters.Read(job.Parameters.Json);
        var train = Read(job.InputPath, "train", model)
            ?? throw new InvalidDataException("The dataset has no rows in split 'train'; ingest it with a split column, or without one to train on every row.");
        var test = Read(job.InputPath, "test", model);
        await using var trainer = await ModelTrainer.CreateAsync(model, options);
        await trainer.RestoreLatestAsync(job.CheckpointPath);
        // Epochs that a killed attempt finished but could not report are reported again; the ledger records each once.
        var evaluations = EpochEvaluations.Load(job.CheckpointPath);
        foreach (var finished in trainer.History)
        {
            Report(job, options, finished, evaluations.Find(finished.Epoch));
        }

        while (trainer.Epoch < options.Epochs)
        {
            var epoch = trainer.Epoch + 1;
            var metrics = await trainer.TrainEpochAsync(epoch, train, new StepReporter(job, options.Epochs), job.CancellationToken);
            var evaluation = test is null ? null : await trainer.EvaluateAsync(test, job.CancellationToken);
            evaluations.Add(epoch, evaluation);
            await trainer.SaveCheckpointAsync(job.CheckpointPath);
            Report(job, options, metrics, evaluation);
        }

        await trainer.SaveModelAsync(job.OutputPath);
        return Stats(trainer.History[^1], evaluations.Find(trainer.Epoch));
    });

    private static TrainingData? Read(string folder, string split, ModelDefinition model) =>
        DatasetFolder.Read(folder, split, model).ToArray() is { Length: > 0 } chunks
            ? new TrainingData(chunks, chunks[0].Samples.Length / chunks[0].Labels.Length, model.Output.Classes)
            : null;

    private static void Report(ScriptJob job, TrainerOptions options, EpochMetrics metrics, Evaluation? evaluation) => job.Epoch(
        metrics.Epoch, options.Epochs, Stats(metrics, evaluation), metrics.LearningRate, metrics.SamplesPerSecond, TimeSpan.FromSeconds(metrics.ElapsedSeconds));

    private static Dictionary<string, double> Stats(EpochMetrics metrics, Evaluation? evaluation)
    {
        var stats = new Dictionary<string, double>(StringComparer.Ordinal) { ["train_loss"] = metrics.TrainLoss, ["train_accuracy"] = metrics.TrainAccuracy };
        if (evaluation is not null)
        {
            stats["test_loss"] = evaluation.Loss;
            stats["test_accuracy"] = evaluation.Accuracy;
        }

        return stats;
    }

    private sealed class StepReporter(ScriptJob job, int epochs) : IProgress<StepMetrics>
    {
        public void Report(StepMetrics value)
        {
            if (value.Step % 20 == 0 || value.Step == value.Steps)
            {
                job.Progress(((value.Epoch - 1) * (long)value.Steps) + value.Step, (long)epochs * value.Steps, $"epoch {value.Epoch} of {epochs}, loss {value.Loss:F4}");
            }
        }
    }
}
