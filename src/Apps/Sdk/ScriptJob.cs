namespace EventMl.Sdk;

/// <summary>What a script knows about its task, and how it reports.</summary>
public sealed class ScriptJob
{
    private readonly ScriptChannel _channel;

    internal ScriptJob(ScriptRequest request, ScriptChannel channel, CancellationToken cancellationToken)
    {
        _channel = channel;
        TaskId = request.TaskId;
        Attempt = request.Attempt;
        InputPath = request.InputPath;
        OutputPath = request.OutputPath;
        CheckpointPath = request.CheckpointPath;
        WorkPath = request.WorkPath;
        Parameters = new ScriptParameters(request.Params, "params");
        Extra = new ScriptParameters(request.Extra, "extra");
        CancellationToken = cancellationToken;
    }

    /// <summary>Id of the task.</summary>
    public string TaskId { get; }

    /// <summary>Attempt, from 1; above 1 the script continues from <see cref="CheckpointPath"/>.</summary>
    public int Attempt { get; }

    /// <summary>Folder or file to read.</summary>
    public string InputPath { get; }

    /// <summary>Folder to write into; what is in it when the script returns is what the platform stores.</summary>
    public string OutputPath { get; }

    /// <summary>Folder for checkpoints, kept between the attempts of a task.</summary>
    public string CheckpointPath { get; }

    /// <summary>Folder of the task on this machine.</summary>
    public string WorkPath { get; }

    /// <summary>Parameters as the user gave them.</summary>
    public ScriptParameters Parameters { get; }

    /// <summary>What the platform adds for its own jobs.</summary>
    public ScriptParameters Extra { get; }

    /// <summary>Fires when the task shall end; a script that goes on is killed after a grace period.</summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>Reports how far it is.</summary>
    /// <param name="done">Units done.</param>
    /// <param name="total">Units in all; 0 when unknown.</param>
    /// <param name="message">What it is doing.</param>
    public void Progress(long done, long total, string? message = null) => _channel.Send(new { type = "progress", done, total, message });

    /// <summary>Reports the end of one pass over the training data; after its checkpoint is on disk.</summary>
    /// <param name="epoch">From 1, ascending; an attempt that continues begins after the last one in the checkpoint.</param>
    /// <param name="epochs">How many there will be.</param>
    /// <param name="metrics">Metrics by name; a value that is not finite ends the task.</param>
    /// <param name="learningRate">Learning rate of the epoch.</param>
    /// <param name="samplesPerSecond">Throughput.</param>
    /// <param name="elapsed">Time this epoch took.</param>
    public void Epoch(int epoch, int epochs, IReadOnlyDictionary<string, double> metrics, double? learningRate = null, double? samplesPerSecond = null, TimeSpan? elapsed = null) =>
        _channel.Send(new { type = "epoch", epoch, epochs, metrics, learning_rate = learningRate, samples_per_second = samplesPerSecond, elapsed_seconds = elapsed?.TotalSeconds });

    /// <summary>Writes a line for people into the task's log.</summary>
    public void Log(string message) => _channel.Send(new { type = "log", message });
}
