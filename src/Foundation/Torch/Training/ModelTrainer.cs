using System.Runtime.InteropServices;
using EventMl.Torch.Modules;
using static EventMl.Torch.torch;

namespace EventMl.Torch;

/// <summary>Trains one classification model on one thread of its own; the same seed, threads and library give the same weights bit for bit.</summary>
/// <remarks>libtorch's random numbers belong to the process: train one model at a time in a process.</remarks>
public sealed class ModelTrainer : IAsyncDisposable
{
    private readonly TorchThread _thread = new("torch-trainer");
    private readonly TimeProvider _clock;
    private readonly Preprocess _preprocess;
    private readonly List<EpochMetrics> _history = [];
    private Sequential _network = null!;
    private optim.Optimizer _optimizer = null!;
    private Device _device = CPU;

    private ModelTrainer(ModelDefinition definition, TrainerOptions options, TimeProvider clock)
    {
        (Definition, Options, _clock) = (definition, options, clock);
        _preprocess = new Preprocess(definition.Input);
    }

    /// <summary>The model's definition.</summary>
    public ModelDefinition Definition { get; }

    /// <summary>How it is trained.</summary>
    public TrainerOptions Options { get; }

    /// <summary>Metrics of the finished epochs, restored ones included.</summary>
    public IReadOnlyList<EpochMetrics> History => _history;

    /// <summary>The last finished epoch, 0 before the first.</summary>
    public int Epoch => _history.Count;

    /// <summary>A trainer with freshly seeded weights; wrong options, definitions or devices give a <see cref="TorchException"/>.</summary>
    public static async Task<ModelTrainer> CreateAsync(ModelDefinition definition, TrainerOptions options, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(definition);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        definition.Validate();
        if (definition.Output.Kind != "classification") throw new TorchException($"The trainer trains classification models; output.kind is '{definition.Output.Kind}'.");
        if (definition.Input.Dtype != "uint8") throw new TorchException($"The trainer takes raw bytes; input.dtype is '{definition.Input.Dtype}', use uint8.");
        var trainer = new ModelTrainer(definition, options, clock ?? TimeProvider.System);
        try
        {
            await trainer._thread.Run(trainer.Start);
            return trainer;
        }
        catch
        {
            await trainer.DisposeAsync();
            throw;
        }
    }

    /// <summary>Trains the next epoch, which must be <see cref="Epoch"/> + 1; a non-finite loss gives a <see cref="NonFiniteLossException"/>.</summary>
    public Task<EpochMetrics> TrainEpochAsync(int epoch, TrainingData data, IProgress<StepMetrics>? progress = null, CancellationToken cancellation = default)
    {
        Check(data);
        if (epoch != Epoch + 1) throw new ArgumentOutOfRangeException(nameof(epoch), epoch, $"The next epoch is {Epoch + 1}.");
        return _thread.Run(() => TrainEpoch(epoch, data, progress, cancellation));
    }

    /// <summary>Loss and accuracy on data, computed in batches without training.</summary>
    public Task<Evaluation> EvaluateAsync(TrainingData data, CancellationToken cancellation = default)
    {
        Check(data);
        return _thread.Run(() => Evaluate(data, cancellation));
    }

    /// <summary>Writes model.json and weights.safetensors to a folder.</summary>
    public Task SaveModelAsync(string folder) => _thread.Run(() =>
    {
        TrainedModel.Save(folder, Definition, _network);
        return true;
    });

    /// <summary>Writes a checkpoint of the last finished epoch and keeps the newest <paramref name="keep"/>; it appears whole or not at all.</summary>
    public Task<string> SaveCheckpointAsync(string folder, int keep = 2) => _thread.Run(() =>
    {
        if (Epoch == 0) throw new InvalidOperationException("There is nothing to save before the first epoch.");
        using var scope = NewDisposeScope();
        var state = new CheckpointState
        {
            Epoch = Epoch,
            Options = Options,
            DefinitionHash = Definition.Hash(),
            RngState = get_rng_state(),
            DeviceRngState = _device == CPU ? null : get_rng_state(_device),
            History = [.. _history],
        };
        return Checkpoint.Save(folder, state, _network.state_dict(), _optimizer.state_dict(), keep);
    });

    /// <summary>Restores the newest whole checkpoint and returns its epoch, or 0 when there is none; one of another model or of other options gives a <see cref="TorchException"/>.</summary>
    public Task<int> RestoreLatestAsync(string folder) => _thread.Run(() =>
    {
        using var scope = NewDisposeScope();
        if (Checkpoint.FindLatest(folder) is not { } found) return 0;
        found.State.CheckFits(Definition, Options, found.Folder);
        _network.load_state_dict(found.Weights());
        _optimizer.load_state_dict(found.Optimizer());
        set_rng_state(found.State.RngState);
        if (found.State.DeviceRngState is { } deviceState && _device != CPU) set_rng_state(deviceState, _device);
        _history.Clear();
        _history.AddRange(found.State.History);
        return Epoch;
    });

    /// <summary>Frees the model and ends the thread.</summary>
    public async ValueTask DisposeAsync()
    {
        await _thread.Run(() =>
        {
            _optimizer?.Dispose();
            _network?.Dispose();
            return true;
        });
        _thread.Dispose();
    }

    private bool Start()
    {
        set_num_threads(Options.Threads);
        _device = torch.device(Options.Device);
        manual_seed(Options.Seed);
        _network = Definition.Build();
        _network.to(_device);
        _optimizer = Options.Optimizer switch
        {
            "adam" => optim.Adam(_network.parameters(), Options.LearningRate, weight_decay: Options.WeightDecay),
            "adamw" => optim.AdamW(_network.parameters(), Options.LearningRate, weight_decay: Options.WeightDecay),
            _ => optim.SGD(_network.parameters(), Options.LearningRate, Options.Momentum, weight_decay: Options.WeightDecay),
        };
        return true;
    }

    private void Check(TrainingData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (data.SampleLength != _preprocess.SampleLength) throw new TorchException($"The data has samples of {data.SampleLength} bytes; the model takes [{string.Join(", ", _preprocess.Shape)}], {_preprocess.SampleLength} bytes.");
        if (data.Classes != Definition.Output.Classes) throw new TorchException($"The data has {data.Classes} classes, the model {Definition.Output.Classes}.");
    }

    private EpochMetrics TrainEpoch(int epoch, TrainingData data, IProgress<StepMetrics>? progress, CancellationToken cancellation)
    {
        var started = _clock.GetTimestamp();
        _network.train();
        var order = EpochOrder.Shuffle(data.Count, Options.Seed, epoch);
        using var batches = new BatchAssembler(data, _preprocess, Options.BatchSize, _device);
        var steps = (data.Count + Options.BatchSize - 1) / Options.BatchSize;
        var (lossSum, correct) = (0.0, 0L);
        for (var step = 1; step <= steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var (x, y) = batches.Next(order.AsSpan((step - 1) * Options.BatchSize, Math.Min(Options.BatchSize, data.Count - (step - 1) * Options.BatchSize)));
            _optimizer.zero_grad();
            var logits = _network.forward(x);
            var loss = nn.functional.cross_entropy(logits, y);
            var value = loss.ToDouble();
            // Before the step, so that the weights stay those of the last good one.
            if (!double.IsFinite(value)) throw new NonFiniteLossException(epoch, step, value);
            loss.backward();
            _optimizer.step();
            lossSum += value * x.size(0);
            correct += nn.functional.CountCorrect(logits, y);
            progress?.Report(new StepMetrics(epoch, step, steps, value));
        }

        var elapsed = _clock.GetElapsedTime(started).TotalSeconds;
        var metrics = new EpochMetrics(epoch, lossSum / data.Count, (double)correct / data.Count, data.Count / elapsed, _optimizer.LearningRate, elapsed);
        _history.Add(metrics);
        return metrics;
    }

    private Evaluation Evaluate(TrainingData data, CancellationToken cancellation)
    {
        const int BatchSize = 256;
        _network.eval();
        using var guard = no_grad();
        using var batches = new BatchAssembler(data, _preprocess, BatchSize, _device);
        var (lossSum, correct) = (0.0, 0L);
        for (var start = 0; start < data.Count; start += BatchSize)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var (x, y) = batches.Next([.. Enumerable.Range(start, Math.Min(BatchSize, data.Count - start))]);
            var logits = _network.forward(x);
            lossSum += nn.functional.cross_entropy(logits, y).ToDouble() * x.size(0);
            correct += nn.functional.CountCorrect(logits, y);
        }

        if (!double.IsFinite(lossSum)) throw new NonFiniteLossException($"The loss on the evaluation data is {lossSum} after epoch {Epoch}; the weights are broken. Lower the learning rate.");
        return new Evaluation(lossSum / data.Count, (double)correct / data.Count, correct, data.Count);
    }

    /// <summary>Fills one pair of tensors again and again.</summary>
    private sealed class BatchAssembler(TrainingData data, Preprocess preprocess, int size, Device device) : IDisposable
    {
        private readonly Tensor _x = empty([size, .. preprocess.Shape]).DetachFromDisposeScope();
        private readonly Tensor _y = empty([size], ScalarType.Int64).DetachFromDisposeScope();

        public (Tensor X, Tensor Y) Next(ReadOnlySpan<int> rows)
        {
            var samples = _x.Floats();
            var labels = MemoryMarshal.Cast<byte, long>(_y.bytes);
            for (var i = 0; i < rows.Length; i++)
            {
                preprocess.Apply(data.Sample(rows[i]), samples.Slice(i * data.SampleLength, data.SampleLength));
                labels[i] = data.Label(rows[i]);
            }

            var (x, y) = (_x.slice(0, 0, rows.Length), _y.slice(0, 0, rows.Length));
            return device == CPU ? (x, y) : (x.to(device), y.to(device));
        }

        public void Dispose()
        {
            _x.Dispose();
            _y.Dispose();
        }
    }
}
