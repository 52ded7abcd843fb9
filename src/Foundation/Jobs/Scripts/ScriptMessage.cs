namespace EventMl.Jobs.Scripts;

/// <summary>Something a running child reported, already checked.</summary>
public abstract record ScriptMessage;

/// <summary>How far it is; at most ten a second are passed on, and the last one always.</summary>
/// <param name="Done">Units done.</param>
/// <param name="Total">Units in all; 0 when unknown.</param>
/// <param name="Text">What it is doing.</param>
public sealed record ScriptProgress(long Done, long Total, string? Text) : ScriptMessage;

/// <summary>One pass over the training data is done.</summary>
/// <param name="Epoch">From 1, ascending within an attempt.</param>
/// <param name="Epochs">How many there will be.</param>
/// <param name="Metrics">Metrics by name, all finite.</param>
/// <param name="LearningRate">Learning rate of the epoch.</param>
/// <param name="SamplesPerSecond">Throughput.</param>
/// <param name="ElapsedSeconds">Seconds of this epoch.</param>
public sealed record ScriptEpoch(
    int Epoch, int Epochs, IReadOnlyDictionary<string, double> Metrics, double? LearningRate, double? SamplesPerSecond, double? ElapsedSeconds) : ScriptMessage;

/// <summary>A line for people, which is in the log as well.</summary>
/// <param name="Text">The line.</param>
public sealed record ScriptLog(string Text) : ScriptMessage;
