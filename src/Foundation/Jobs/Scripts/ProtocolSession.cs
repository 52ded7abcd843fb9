using System.Text;
using System.Text.Json;
using EventMl.Contracts;
using EventMl.EventStore;

namespace EventMl.Jobs.Scripts;

/// <summary>What one child said: turns its standard output into checked messages, and remembers its result and its faults.</summary>
internal sealed class ProtocolSession(LogFile log, Func<ScriptMessage, Task> onMessage, TimeProvider clock)
{
    private const int MaxEpochs = 10_000_000;
    private const int MaxMetrics = 500;
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(100);

    private int _lastEpoch;
    private long? _progressAt;
    private ScriptProgress? _heldProgress;

    /// <summary>What <c>run</c> returned.</summary>
    public JsonElement? Stats { get; private set; }

    /// <summary>The error that the script itself reported.</summary>
    public string? Error { get; private set; }

    /// <summary>Completes with the reason when the child did what no child may; it need not go on then.</summary>
    public TaskCompletionSource<string> Violation { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ValueTask OnErrorLineAsync(ReadOnlyMemory<byte> bytes, bool cut)
    {
        LogLine(bytes.Span, cut);
        return ValueTask.CompletedTask;
    }

    public ValueTask OnOutputLineAsync(ReadOnlyMemory<byte> bytes, bool cut)
    {
        if (bytes.Span.StartsWith("::eventml "u8))
        {
            return new ValueTask(OnMessageLineAsync(bytes, cut));
        }

        LogLine(bytes.Span, cut);
        return ValueTask.CompletedTask;
    }

    /// <summary>Shows what was logged, when nothing more has arrived.</summary>
    public void OnPause() => log.Flush();

    private async Task OnMessageLineAsync(ReadOnlyMemory<byte> bytes, bool cut)
    {
        var json = Encoding.UTF8.GetString(bytes.Span["::eventml ".Length..]).Replace("\0", "", StringComparison.Ordinal);
        if (cut)
        {
            log.Write($"(a protocol message of more than {LineReader.MaxLine} bytes was dropped)");
        }
        else if (ProtocolJson.Parse(json) is { ValueKind: JsonValueKind.Object } message)
        {
            await OnProtocolAsync(message, json);
        }
        else
        {
            LogLine(bytes.Span, cut);
        }
    }

    /// <summary>Passes on what was held back; after the end of both streams.</summary>
    public async Task FlushAsync()
    {
        if (_heldProgress is { } held)
        {
            _heldProgress = null;
            await onMessage(held);
        }
    }

    private async Task OnProtocolAsync(JsonElement message, string json)
    {
        if (Violation.Task.IsCompleted)
        {
            return;
        }

        switch (ProtocolJson.Text(message, "type"))
        {
            case "progress":
                await OnProgressAsync(new ScriptProgress(Count(message, "done"), Count(message, "total"), Short(ProtocolJson.Text(message, "message"))));
                break;
            case "epoch":
                await FlushAsync();
                await OnEpochAsync(message);
                break;
            case "log":
                var text = Clean.Text(ProtocolJson.Text(message, "message") ?? "");
                log.Write(text);
                await onMessage(new ScriptLog(text));
                break;
            case "result":
                OnResult(message);
                break;
            case "error":
                Error ??= Short(ProtocolJson.Text(message, "message")) ?? "It reported an error without a message.";
                log.Write(Clean.Text($"error: {Error}"));
                if (ProtocolJson.Text(message, "detail") is { } detail)
                {
                    log.Write(Clean.Text(detail));
                }

                break;
            default:
                log.Write(Clean.Text(json));
                break;
        }
    }

    private async Task OnProgressAsync(ScriptProgress progress)
    {
        var due = _progressAt is not { } last || clock.GetElapsedTime(last) >= ProgressInterval;
        if (!due && progress.Done < progress.Total)
        {
            _heldProgress = progress;
            return;
        }

        _heldProgress = null;
        _progressAt = clock.GetTimestamp();
        await onMessage(progress);
    }

    private async Task OnEpochAsync(JsonElement message)
    {
        if (!Whole(message, "epoch", out var epoch) || !Whole(message, "epochs", out var epochs))
        {
            Violate("sent an epoch whose 'epoch' and 'epochs' are not whole numbers.");
        }
        else if (epoch < 1 || epochs > MaxEpochs || epoch > epochs)
        {
            Violate($"reported epoch {epoch} of {epochs}; epochs count from 1 to their total (at most {MaxEpochs}).");
        }
        else if (epoch <= _lastEpoch)
        {
            Violate($"reported epoch {epoch} after epoch {_lastEpoch}; epochs must ascend.");
        }
        else if (Metrics(message, epoch) is { } metrics && Optional(message, "learning_rate", $"learning_rate in epoch {epoch}", out var learningRate))
        {
            _lastEpoch = epoch;
            await onMessage(new ScriptEpoch(epoch, epochs, metrics, learningRate, Lenient(message, "samples_per_second"), Lenient(message, "elapsed_seconds")));
        }
    }

    private Dictionary<string, double>? Metrics(JsonElement message, int epoch)
    {
        var metrics = new Dictionary<string, double>(StringComparer.Ordinal);
        if (!message.TryGetProperty("metrics", out var values) || values.ValueKind == JsonValueKind.Null)
        {
            return metrics;
        }

        if (values.ValueKind != JsonValueKind.Object)
        {
            Violate($"sent 'metrics' of epoch {epoch} that are not an object of numbers.");
            return null;
        }

        foreach (var metric in values.EnumerateObject())
        {
            var name = Clean.Text(metric.Name, 200);
            var (number, nonFinite) = ProtocolJson.Number(metric.Value);
            if (number is null || metrics.Count == MaxMetrics)
            {
                Violate(
                    number is not null ? $"reported more than {MaxMetrics} metrics in epoch {epoch}."
                    : nonFinite is not null ? $"reported {nonFinite} for metric '{name}' in epoch {epoch}."
                    : $"reported metric '{name}' in epoch {epoch}, which is not a number.");
                return null;
            }

            metrics[name] = number.Value;
        }

        return metrics;
    }

    private void OnResult(JsonElement message)
    {
        if (!message.TryGetProperty("stats", out var stats) || stats.ValueKind == JsonValueKind.Null)
        {
            stats = JsonSerializer.SerializeToElement(new { });
        }

        if (stats.ValueKind != JsonValueKind.Object)
        {
            Violate($"returned {Kind(stats)}; run must return an object of statistics.");
        }
        else if (ProtocolJson.FindNonFinite(stats) is { } found)
        {
            Violate($"returned {found.Name} for '{Clean.Text(found.Path, 200)}'.");
        }
        else
        {
            Stats = stats.Clone();
        }
    }

    private bool Optional(JsonElement message, string property, string label, out double? number)
    {
        number = null;
        if (!message.TryGetProperty(property, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return true;
        }

        (number, var nonFinite) = ProtocolJson.Number(value);
        if (number is null)
        {
            Violate(nonFinite is null ? $"reported {label}, which is not a number." : $"reported {nonFinite} for {label}.");
        }

        return number is not null;
    }

    private void Violate(string reason)
    {
        log.Write("The script " + reason);
        Violation.TrySetResult("The script " + reason);
    }

    // Throughput of an instant epoch may be infinite; that is no reason to fail a task.
    private static double? Lenient(JsonElement message, string property) =>
        message.TryGetProperty(property, out var value) ? ProtocolJson.Number(value).Number : null;

    private static bool Whole(JsonElement message, string property, out int number)
    {
        number = 0;
        return message.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.Number
            && (value.TryGetInt32(out number) || (value.TryGetDouble(out var real) && double.IsInteger(real) && Math.Abs(real) < int.MaxValue && (number = (int)real) == real));
    }

    private static long Count(JsonElement message, string property) =>
        message.TryGetProperty(property, out var value) && ProtocolJson.Number(value).Number is { } number ? (long)Math.Clamp(number, 0, 1e15) : 0;

    private static string? Short(string? text) => text is null ? null : Clean.Text(text, 2000);

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        _ => "a truth value",
    };

    private void LogLine(ReadOnlySpan<byte> bytes, bool cut)
    {
        // Printable ASCII needs no cleaning, and a flood of it no more work than this.
        if (!cut && bytes.IndexOfAnyExceptInRange((byte)' ', (byte)'~') < 0)
        {
            log.Write(bytes);
            return;
        }

        log.Write(Clean.Text(Encoding.UTF8.GetString(bytes).TrimEnd('\r'), LineReader.MaxLine) + (cut ? " … (cut)" : ""));
    }
}
