using System.Text.Json;
using EventMl.Cli.Talking;
using Spectre.Console;

namespace EventMl.Cli.Watching;

/// <summary>Shows nothing: the result alone is wanted.</summary>
internal sealed class SilentView(Output output) : IProgressView
{
    public void Show(JsonElement task) { }

    public void Epoch(JsonElement epoch) { }

    public void Note(string text) => output.Problem(text);
}

/// <summary>Plain lines for logs and pipes: one when the task moves on by ten percent or says something else.</summary>
internal sealed class LineView(Output output) : IProgressView
{
    private string _last = "";

    public void Show(JsonElement task)
    {
        var status = task.Text("status");
        var progress = status == "running" ? TaskProgress.Of(task) : null;
        // "batch 31 of 938" says nothing else than "batch 30 of 938" did.
        var step = $"{status} {progress?.Percent / 10} {string.Concat((progress?.Message ?? "").Where(c => !char.IsAsciiDigit(c)))}";
        if (step == _last)
            return;
        _last = step;
        output.Line($"{task.Text("name")}: {status} {progress}".TrimEnd());
    }

    public void Epoch(JsonElement epoch) => output.Line(EpochLine.Of(epoch));

    public void Note(string text) => output.Problem(text);
}

/// <summary>A bar on a terminal; epochs scroll by above it.</summary>
internal sealed class BarView(Output output, ProgressTask bar) : IProgressView
{
    private bool _epochs;

    public void Show(JsonElement task)
    {
        var status = task.Text("status");
        var progress = TaskProgress.Of(task);
        var known = _epochs || progress is { Total: > 0 };
        bar.IsIndeterminate = !known && status is "pending" or "running";
        if (!_epochs && progress is { Total: > 0 })
            bar.Value = progress.Percent;
        if (status == "completed")
            (bar.Value, bar.IsIndeterminate) = (100, false);
        bar.Description = Markup.Escape($"{task.Text("name")} {status} {(status == "running" ? progress?.Message : "")}".TrimEnd());
    }

    public void Epoch(JsonElement epoch)
    {
        _epochs = true;
        if (epoch.Number("epoch") is { } done && epoch.Number("epochs") is > 0 and var all)
            bar.Value = 100 * done / all;
        output.Line(EpochLine.Of(epoch));
    }

    public void Note(string text) => output.Line(text);
}

/// <summary>One completed epoch in a line.</summary>
internal static class EpochLine
{
    public static string Of(JsonElement epoch)
    {
        var parts = new List<string> { $"epoch {epoch.Text("epoch")}/{epoch.Text("epochs")}" };
        if (epoch.Number("attempt") is > 1 and var attempt)
            parts.Add($"attempt {attempt}");
        if (epoch.Member("metrics") is { ValueKind: JsonValueKind.Object } metrics)
            parts.AddRange(metrics.EnumerateObject().Select(metric => $"{metric.Name} {metric.Value.Text()}"));
        if (epoch.Number("learning_rate") is { } rate)
            parts.Add($"lr {rate:0.######}");
        if (epoch.Number("samples_per_second") is { } speed)
            parts.Add($"{speed:0} samples/s");
        if (epoch.Number("elapsed_seconds") is { } elapsed)
            parts.Add($"{elapsed:0.0} s");
        if (epoch.Number("remaining_seconds") is > 0 and var remaining)
            parts.Add($"about {remaining:0} s to go");
        return string.Join("  ", parts);
    }
}
