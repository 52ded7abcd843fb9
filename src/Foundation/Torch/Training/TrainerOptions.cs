using System.Runtime.InteropServices;

namespace EventMl.Torch;

/// <summary>How to train; the defaults suit a small image classifier.</summary>
public sealed record TrainerOptions
{
    /// <summary>Passes over the data.</summary>
    public int Epochs { get; init; } = 3;

    /// <summary>Samples per step.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Step size of the optimiser.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>adam, adamw or sgd.</summary>
    public string Optimizer { get; init; } = "adam";

    /// <summary>Of sgd only.</summary>
    public double Momentum { get; init; }

    /// <summary>L2 penalty (adam, sgd) or decoupled decay (adamw).</summary>
    public double WeightDecay { get; init; }

    /// <summary>Decides initial weights, order and dropout.</summary>
    public long Seed { get; init; }

    /// <summary>cpu, cuda, cuda:N or auto.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>Threads inside one operation; another number changes the last digits of the result.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Throws a <see cref="TorchException"/> that names the option.</summary>
    public void Validate()
    {
        Need(Epochs >= 1, "epochs", Epochs, "at least 1");
        Need(BatchSize is >= 1 and <= 1 << 20, "batch_size", BatchSize, $"1 to {1 << 20}");
        Need(double.IsFinite(LearningRate) && LearningRate > 0, "learning_rate", LearningRate, "a finite number above 0");
        Need(Optimizer is "adam" or "adamw" or "sgd", "optimizer", Optimizer, "adam, adamw or sgd");
        Need(Momentum is >= 0 and < 1, "momentum", Momentum, "0 or more and below 1");
        Need(Momentum == 0 || Optimizer == "sgd", "momentum", Momentum, "0 unless the optimizer is sgd");
        Need(double.IsFinite(WeightDecay) && WeightDecay >= 0, "weight_decay", WeightDecay, "a finite number, 0 or more");
        Need(Threads is >= 1 and <= 1024, "threads", Threads, "1 to 1024");
    }

    private static void Need(bool holds, string option, object value, string allowed)
    {
        if (!holds) throw new TorchException($"The training option {option} is {value}; it must be {allowed}.");
    }
}

/// <summary>What one epoch of training gave; the loss is the mean per sample, the accuracy a fraction.</summary>
public sealed record EpochMetrics(int Epoch, double TrainLoss, double TrainAccuracy, double SamplesPerSecond, double LearningRate, double ElapsedSeconds);

/// <summary>Progress inside an epoch: steps count from 1.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct StepMetrics(int Epoch, int Step, int Steps, double Loss);

/// <summary>How a model does on data: mean loss per sample, fraction and number of correct rows.</summary>
public sealed record Evaluation(double Loss, double Accuracy, long Correct, long Total);

/// <summary>The loss became infinite or not a number; the learning rate is too high or the data is broken.</summary>
public sealed class NonFiniteLossException : TorchException
{
    /// <summary>An exception without details.</summary>
    public NonFiniteLossException() { }

    /// <summary>An exception with a message.</summary>
    public NonFiniteLossException(string message) : base(message) { }

    /// <summary>An exception with a message and its cause.</summary>
    public NonFiniteLossException(string message, Exception innerException) : base(message, innerException) { }

    internal NonFiniteLossException(int epoch, int step, double loss)
        : base($"The loss is {loss} in epoch {epoch}, step {step}. Lower the learning rate, or look for broken input.") => (Epoch, Step) = (epoch, step);

    /// <summary>The epoch, from 1.</summary>
    public int Epoch { get; }

    /// <summary>The step in the epoch, from 1.</summary>
    public int Step { get; }
}
