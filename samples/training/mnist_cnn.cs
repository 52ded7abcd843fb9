// Trains the CNN conv32-conv64-fc128 on images of a dataset with EventMl.Torch (libtorch).
//
// Parameters: epochs (3), learning_rate (0.001), batch_size (64), device ("cpu"), seed (0), threads (all), limit (all rows of each split).
// Each epoch ends with a checkpoint; a further attempt goes on after the last one and gives bit-identical weights on the CPU.
using EventMl.Arrow;
using EventMl.Sdk;
using EventMl.Torch;

return await Script.RunAsync(async job =>
{
    var parameters = job.Parameters;
    var limit = parameters.WholeNumber("limit", int.MaxValue);
    var (train, shape) = Load(job.InputPath, "train", limit);
    var (test, _) = Load(job.InputPath, "test", limit);
    var device = parameters.Text("device", "cpu");
    var options = new TrainerOptions
    {
        Epochs = parameters.WholeNumber("epochs", 3),
        LearningRate = parameters.Number("learning_rate", 0.001),
        BatchSize = parameters.WholeNumber("batch_size", 64),
        Seed = parameters.WholeNumber("seed", 0),
        Device = device == "auto" ? torch.cuda.is_available() ? "cuda" : "cpu" : device,
        Threads = parameters.WholeNumber("threads", Environment.ProcessorCount),
    };
    await using var trainer = await ModelTrainer.CreateAsync(Cnn(shape[0], shape[1]), options);
    var resumed = await trainer.RestoreLatestAsync(job.CheckpointPath);
    if (resumed > 0)
    {
        job.Log($"continuing after epoch {resumed}");
    }

    for (var epoch = resumed + 1; epoch <= options.Epochs; epoch++)
    {
        var done = (epoch - 1) * (long)train.Count;
        var progress = new Progress(s => job.Progress(done + (long)train.Count * s.Step / s.Steps, (long)options.Epochs * train.Count, $"epoch {s.Epoch}"));
        var metrics = await trainer.TrainEpochAsync(epoch, train, progress, job.CancellationToken);
        var held = await trainer.EvaluateAsync(test, job.CancellationToken);
        await trainer.SaveCheckpointAsync(job.CheckpointPath);
        job.Epoch(
            epoch,
            options.Epochs,
            new Dictionary<string, double>
            {
                ["train_loss"] = metrics.TrainLoss, ["train_accuracy"] = metrics.TrainAccuracy, ["test_loss"] = held.Loss, ["test_accuracy"] = held.Accuracy,
            },
            metrics.LearningRate,
            metrics.SamplesPerSecond,
            TimeSpan.FromSeconds(metrics.ElapsedSeconds));
    }

    var result = await trainer.EvaluateAsync(test, job.CancellationToken);
    await trainer.SaveModelAsync(job.OutputPath);
    return new { train_loss = trainer.History[^1].TrainLoss, test_loss = result.Loss, test_accuracy = result.Accuracy, epochs = options.Epochs };
});

static (TrainingData Data, int[] Shape) Load(string folder, string split, int limit)
{
    var samples = new List<byte>();
    var labels = new List<long>();
    int[] shape = [28, 28];
    foreach (var path in Directory.GetFiles(folder, "part-*.arrow").Order(StringComparer.Ordinal))
    {
        using var file = ArrowFile.Open(path);
        var field = file.Schema.Fields[file.Schema.IndexOf("image")];
        if (field.Metadata.TryGetValue("shape", out var text) && text.Split(',') is { Length: 2 } sides)
        {
            shape = [.. sides.Select(int.Parse)];
        }

        foreach (var batch in file.Batches())
        {
            var images = batch.Column<BytesColumn>("image");
            var classes = batch.Column("label").Values<long>();
            var splits = batch.Column<Utf8Column>("split");
            for (var i = 0; i < batch.Length && labels.Count < limit; i++)
            {
                if (splits.GetString(i) == split)
                {
                    samples.AddRange(images.GetSpan(i));
                    labels.Add(classes[i]);
                }
            }
        }
    }

    return labels.Count > 0
        ? (new TrainingData(samples.ToArray(), labels.ToArray(), shape[0] * shape[1], classes: 10), shape)
        : throw new InvalidDataException($"{folder} has no rows of the split '{split}' in part-*.arrow files.");
}

static ModelDefinition Cnn(int height, int width) => new()
{
    Layers =
    [
        new() { Type = "conv2d", InChannels = 1, OutChannels = 32, KernelSize = 3 }, new() { Type = "relu" },
        new() { Type = "conv2d", InChannels = 32, OutChannels = 64, KernelSize = 3 }, new() { Type = "relu" },
        new() { Type = "max_pool2d", KernelSize = 2 }, new() { Type = "flatten" },
        new() { Type = "linear", InFeatures = 64 * ((height - 4) / 2) * ((width - 4) / 2), OutFeatures = 128 }, new() { Type = "relu" },
        new() { Type = "linear", InFeatures = 128, OutFeatures = 10 },
    ],
    Input = new() { Shape = [1, height, width], Scale = 1 / 255.0 },
    Output = new() { Classes = 10 },
};

// Reports on the trainer's own thread, in order; System.Progress would not.
sealed class Progress(Action<StepMetrics> report) : IProgress<StepMetrics>
{
    public void Report(StepMetrics value) => report(value);
}
