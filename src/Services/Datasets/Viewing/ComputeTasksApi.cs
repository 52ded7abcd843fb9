using System.Text.Json;
using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.Jobs;
using EventMl.Tasks;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace EventMl.Datasets.Viewing;

/// <summary>Body of a compute task: a user's script over an input, and where its dataset goes.</summary>
internal sealed record ComputeTaskBody(string? Name, string? Script, string? Input, string? Output, JsonElement? Params, int? TimeoutSeconds);

/// <summary>A compute task in REST.</summary>
internal sealed record ComputeTaskAnswer(
    string Id, string Name, string Status, DateTimeOffset CreatedAt, DateTimeOffset? CompletedAt,
    string Input, string? Script, JsonElement Params, string Output, int Attempt,
    JsonElement? Result, long? Version, TaskError? Error, string? LogTail, JobProgress? Progress)
{
    public static ComputeTaskAnswer From(IngestionTaskRow t) => new(
        t.Id, t.Name, t.Status, t.CreatedAt, t.CompletedAt, t.Input, t.Script, t.Params, t.Output, t.Attempt, t.Stats, t.Version, t.Error, t.LogTail, t.Progress);
}

/// <summary><c>/tasks</c>: ingestions by a user's script, in the words of the Data Platform.</summary>
internal static class ComputeTasksApi
{
    private const string IdPrefix = "task";

    public static void MapComputeTasks(this IEndpointRouteBuilder api)
    {
        var services = api.ServiceProvider;
        new TaskResource<IngestionTaskRow>(
            "Task", services.GetRequiredService<IngestionTaskView>(), services.GetRequiredService<DatasetsJobs>().Progress, services.GetRequiredService<TaskFolders>())
        {
            IdPrefix = $"{IdPrefix}-",
            Show = ComputeTaskAnswer.From,
        }.Map<ComputeTaskBody, RequestIngestion, CancelIngestion>(api, "/tasks", Read, id => new CancelIngestion { TaskId = id });
    }

    /// <summary>The dataset that an output names: itself, or the last part of a path without its extension.</summary>
    public static string? DatasetOf(string? output)
    {
        var path = output?.TrimEnd('/');
        return path is null || (!path.Contains('/', StringComparison.Ordinal) && !path.EndsWith(".lance", StringComparison.Ordinal))
            ? path
            : Path.GetFileNameWithoutExtension(path);
    }

    private static (RequestIngestion? Request, Refusal? Refusal) Read(ComputeTaskBody body, DoorCall call)
    {
        var dataset = DatasetOf(body.Output);
        if ((RequestRules.Present("script", body.Script) ?? RequestRules.Name("output", dataset)) is { } refusal)
        {
            return (null, refusal);
        }

        return (new RequestIngestion
        {
            TaskId = IdOf(call),
            Name = body.Name ?? dataset,
            Input = body.Input,
            Script = body.Script,
            Params = body.Params,
            Output = dataset,
            TimeoutSeconds = body.TimeoutSeconds,
        }, null);
    }

    // A scope of its own: an ingestion asked for under the same key is another task, also to the saga, which knows the bare UUID.
    private static string IdOf(DoorCall call) =>
        call.IdempotencyKey is { } key ? Ids.Named(IdPrefix, Ids.Derive($"tasks:{call.Actor}", key)) : Ids.New(IdPrefix);
}
