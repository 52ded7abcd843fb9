using System.Text.Json;
using EventMl.Cli.Talking;

namespace EventMl.Cli.Watching;

/// <summary>How tasks look in tables.</summary>
internal static class TaskTable
{
    public static void Rows(Output output, IEnumerable<JsonElement> tasks) => output.Rows(
        tasks, "No tasks yet; eventml ingest and eventml train make them.",
        Column.Of("id", "id"), Column.Of("name", "name"), new("status", Status), Column.Of("output", "output"),
        new("created", task => task.Time("created_at")), new("took", Took), new("error", task => task.Member("error").Text("code")));

    public static void Fields(Output output, JsonElement task) => output.Fields(
    [
        ("id", task.Text("id")), ("name", task.Text("name")), ("status", Status(task)), ("input", task.Text("input")),
        ("script", task.Text("script")), ("output", task.Text("output")), ("model", Model(task)), ("attempt", task.Text("attempt")),
        ("progress", Progress(task)), ("created", task.Time("created_at")), ("completed", task.Time("completed_at")), ("took", Took(task)),
        .. Results(task), ("error", Error(task)),
    ]);

    /// <summary>The reason of a failed task as <c>CODE: message</c>.</summary>
    public static string Error(JsonElement task) =>
        task.Member("error") is { ValueKind: JsonValueKind.Object } error ? $"{error.Text("code")}: {error.Text("message")}" : "";

    private static IEnumerable<(string, string)> Results(JsonElement task) =>
        new[] { task.Member("stats"), task.Member("metrics") }
            .Where(results => results.ValueKind == JsonValueKind.Object)
            .SelectMany(results => results.EnumerateObject().Select(result => (result.Name, result.Value.Text())));

    private static string Status(JsonElement task) =>
        task.Text("phase") is { Length: > 0 } phase && phase != task.Text("status") ? $"{task.Text("status")} ({phase})" : task.Text("status");

    private static string Model(JsonElement task) =>
        task.Member("model") is { ValueKind: JsonValueKind.Object } model && model.Text("name").Length > 0 ? $"{model.Text("name")} version {model.Text("version")}" : "";

    private static string Progress(JsonElement task) =>
        task.Text("status") == "running" ? TaskProgress.Of(task)?.ToString() ?? "" : "";

    private static string Took(JsonElement task) =>
        task.Instant("completed_at") - task.Instant("created_at") is { } took ? $"{took.TotalSeconds:0.0} s" : "";
}
