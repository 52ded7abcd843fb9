using EventMl.Torch;
using static EventMl.Torch.torch;

namespace EventMl.Foundation.Tests.Torch;

[Collection(TorchTests.Name)]
public sealed class ModelTrainerTests : IDisposable
{
    private static readonly TrainerOptions Options = new() { Epochs = 3, BatchSize = 32, LearningRate = 5e-3, Seed = 42, Threads = 1 };
    private static CancellationToken Token => TestContext.Current.CancellationToken;
    private readonly TrainingData _data = Samples.Columns(500);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("adam", 0)]
    [InlineData("adamw", 0)]
    [InlineData("sgd", 0.9)]
    public async Task Ends_with_the_same_bits_when_resumed_after_an_epoch(string optimizer, double momentum)
    {
        var options = Options with { Optimizer = optimizer, Momentum = momentum };
        await using (var whole = await ModelTrainer.CreateAsync(Samples.SmallCnn(), options))
        {
            for (var epoch = 1; epoch <= 3; epoch++) await whole.TrainEpochAsync(epoch, _data, cancellation: Token);
            await whole.SaveModelAsync(_folder["whole"]);
        }

        await using (var first = await ModelTrainer.CreateAsync(Samples.SmallCnn(), options))
        {
            await first.TrainEpochAsync(1, _data, cancellation: Token);
            await first.SaveCheckpointAsync(_folder["checkpoints"]);
        }

        await using var resumed = await ModelTrainer.CreateAsync(Samples.SmallCnn(), options);
        (await resumed.RestoreLatestAsync(_folder["checkpoints"])).ShouldBe(1);
        resumed.History.Count.ShouldBe(1);
        for (var epoch = 2; epoch <= 3; epoch++) await resumed.TrainEpochAsync(epoch, _data, cancellation: Token);
        await resumed.SaveModelAsync(_folder["resumed"]);
        File.ReadAllBytes(Path.Combine(_folder["resumed"], "weights.safetensors")).ShouldBe(File.ReadAllBytes(Path.Combine(_folder["whole"], "weights.safetensors")));
    }

    [Fact]
    public async Task Learns_and_serves_with_the_same_result()
    {
        var test = Samples.Columns(200, seed: 2);
        Evaluation evaluation;
        await using (var trainer = await ModelTrainer.CreateAsync(Samples.SmallCnn(), Options))
        {
            for (var epoch = 1; epoch <= 3; epoch++) await trainer.TrainEpochAsync(epoch, _data, cancellation: Token);
            trainer.History[2].TrainLoss.ShouldBeLessThan(trainer.History[0].TrainLoss);
            evaluation = await trainer.EvaluateAsync(test, Token);
            await trainer.SaveModelAsync(_folder["model"]);
        }

        evaluation.Accuracy.ShouldBeGreaterThan(0.9);
        using var model = TrainedModel.Load(_folder["model"]);
        var raw = Enumerable.Range(0, test.Count).SelectMany(i => test.Sample(i).ToArray()).ToArray();
        var before = Tensor.TotalCount;
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => model.Predict(raw), Token)));
        Tensor.TotalCount.ShouldBe(before);
        foreach (var rows in answers)
        {
            rows.Select((row, i) => Array.IndexOf(row, row.Max()) == test.Label(i)).Count(right => right).ShouldBe((int)evaluation.Correct);
            rows[0].Sum().ShouldBe(1, 1e-5);
            rows.SelectMany(r => r).ShouldBe(answers[0].SelectMany(r => r));
        }

        var floats = model.PredictLogits(raw.Select(b => (float)b).ToArray());
        floats.SelectMany(r => r).Zip(model.PredictLogits(raw).SelectMany(r => r)).ShouldAllBe(p => Math.Abs(p.First - p.Second) < 1e-4);
        Should.Throw<TorchException>(() => model.Predict(new byte[63])).Message.ShouldContain("64");
        model.Predict(Array.Empty<byte>()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Resumes_from_the_newest_whole_checkpoint_when_the_last_is_torn()
    {
        await using var trainer = await ModelTrainer.CreateAsync(Samples.SmallCnn(), Options);
        string last = "";
        for (var epoch = 1; epoch <= 3; epoch++)
        {
            await trainer.TrainEpochAsync(epoch, _data, cancellation: Token);
            last = await trainer.SaveCheckpointAsync(_folder.Path, keep: 2);
        }

        Directory.GetDirectories(_folder.Path).Select(Path.GetFileName).ShouldBe(["epoch-000002", "epoch-000003"], ignoreOrder: true);
        using (var weights = new FileStream(Path.Combine(last, "weights.safetensors"), FileMode.Open)) weights.SetLength(weights.Length - 1);
        (await trainer.RestoreLatestAsync(_folder.Path)).ShouldBe(2);
        await trainer.TrainEpochAsync(3, _data, cancellation: Token);
        await trainer.SaveCheckpointAsync(_folder.Path, keep: 1);
        (await trainer.RestoreLatestAsync(_folder.Path)).ShouldBe(3);
        Directory.GetDirectories(_folder.Path).Length.ShouldBe(1);
        (await trainer.RestoreLatestAsync(_folder["none"])).ShouldBe(0);
    }

    [Fact]
    public async Task Refuses_a_checkpoint_of_another_model_or_of_other_options()
    {
        await using var trainer = await ModelTrainer.CreateAsync(Samples.SmallCnn(), Options);
        await trainer.TrainEpochAsync(1, _data, cancellation: Token);
        await trainer.SaveCheckpointAsync(_folder.Path);
        await using var otherModel = await ModelTrainer.CreateAsync(Samples.SmallCnn(dropout: 0.5), Options);
        (await Should.ThrowAsync<TorchException>(() => otherModel.RestoreLatestAsync(_folder.Path))).Message.ShouldContain("another model definition");
        await using var otherOptions = await ModelTrainer.CreateAsync(Samples.SmallCnn(), Options with { BatchSize = 16 });
        (await Should.ThrowAsync<TorchException>(() => otherOptions.RestoreLatestAsync(_folder.Path))).Message.ShouldContain("other options");
        await using var longer = await ModelTrainer.CreateAsync(Samples.SmallCnn(), Options with { Epochs = 9 });
        (await longer.RestoreLatestAsync(_folder.Path)).ShouldBe(1);
    }

    [Fact]
    public async Task Names_epoch_and_step_when_the_loss_is_not_finite()
    {
        await using var trainer = await ModelTrainer.CreateAsync(Samples.SmallCnn(), Options with { Optimizer = "sgd", LearningRate = 1e30 });
        var thrown = await Should.ThrowAsync<NonFiniteLossException>(() => trainer.TrainEpochAsync(1, _data, cancellation: Token));
        thrown.Epoch.ShouldBe(1);
        thrown.Step.ShouldBeGreaterThan(1);
        thrown.Message.ShouldContain($"epoch 1, step {thrown.Step}");
    }

    [Fact]
    public async Task Stops_between_steps_when_cancelled()
    {
        await using var trainer = await ModelTrainer.CreateAsync(Samples.SmallCnn(), Options);
        using var source = new CancellationTokenSource();
        var steps = new List<StepMetrics>();
        await Should.ThrowAsync<OperationCanceledException>(() => trainer.TrainEpochAsync(1, _data, new Recorder(s =>
        {
            steps.Add(s);
            if (s.Step == 2) source.Cancel();
        }), source.Token));
        steps.Select(s => s.Step).ShouldBe([1, 2]);
        steps[0].Steps.ShouldBe(16);
        trainer.Epoch.ShouldBe(0);
    }

    [Fact]
    public async Task Refuses_bad_options_and_data_with_their_names()
    {
        (await Refused(Options with { BatchSize = 0 })).ShouldContain("batch_size");
        (await Refused(Options with { Optimizer = "lion" })).ShouldContain("optimizer is lion");
        (await Refused(Options with { LearningRate = double.NaN })).ShouldContain("learning_rate");
        if (!cuda.is_available()) (await Refused(Options with { Device = "cuda" })).ShouldContain("EVENTML_TORCH_ROOT");
        Should.Throw<TorchException>(() => new TrainingData(new byte[128], new long[] { 0, 3 }, 64, 3)).Message.ShouldContain("Row 1 has label 3");
        Should.Throw<TorchException>(() => new TrainingData(new byte[127], new long[] { 0, 1 }, 64, 3)).Message.ShouldContain("127 bytes");
        await using var trainer = await ModelTrainer.CreateAsync(Samples.SmallCnn(), Options);
        Should.Throw<TorchException>(() => { _ = trainer.TrainEpochAsync(1, new TrainingData(new byte[9], new long[] { 0 }, 9, 3), cancellation: Token); }).Message.ShouldContain("9 bytes");

        static async Task<string> Refused(TrainerOptions options) =>
            (await Should.ThrowAsync<TorchException>(() => ModelTrainer.CreateAsync(Samples.SmallCnn(), options))).Message;
    }

    [Fact]
    public void Finds_rows_across_chunks()
    {
        var data = new TrainingData([new(new byte[] { 1, 2, 3, 4 }, new long[] { 0, 1 }), new(Array.Empty<byte>(), Array.Empty<long>()), new(new byte[] { 5, 6 }, new long[] { 2 })], 2, 3);
        data.Count.ShouldBe(3);
        data.Sample(1).ToArray().ShouldBe([(byte)3, (byte)4]);
        data.Sample(2).ToArray().ShouldBe([(byte)5, (byte)6]);
        data.Label(2).ShouldBe(2);
    }

    [Fact]
    public void Shuffles_differently_each_epoch_and_alike_for_one_seed()
    {
        var first = EpochOrder.Shuffle(1000, 1, 1);
        first.Order().ShouldBe(Enumerable.Range(0, 1000));
        EpochOrder.Shuffle(1000, 1, 1).ShouldBe(first);
        EpochOrder.Shuffle(1000, 1, 2).ShouldNotBe(first);
        EpochOrder.Shuffle(1000, 2, 1).ShouldNotBe(first);
        // Fixed for ever: a checkpoint of an older version must resume in the same order.
        EpochOrder.Shuffle(8, 42, 1).ShouldBe([1, 5, 6, 7, 4, 2, 3, 0]);
    }

    private sealed class Recorder(Action<StepMetrics> report) : IProgress<StepMetrics>
    {
        public void Report(StepMetrics value) => report(value);
    }
}
