using System.Text.Json;
using EventMl.Cli.Talking;

namespace EventMl.Cli.Watching;

/// <summary>How far a task is, as the server last heard from its script.</summary>
internal sealed record TaskProgress(double Done, double Total, string Message)
{
    public int Percent => Total > 0 ? (int)Math.Clamp(100 * Done / Total, 0, 100) : 0;

    public static TaskProgress? Of(JsonElement task) =>
        task.Member("progress") is { ValueKind: JsonValueKind.Object } progress
            ? new(progress.Number("done") ?? 0, progress.Number("total") ?? 0, progress.Text("message"))
            : null;

    public override string ToString() => (Total > 0 ? $"{Percent} % " : "") + Message;
}
