using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EventMl.Datasets.Viewing;

/// <summary><c>/ingestion-tasks</c>.</summary>
internal static class IngestionTasksApi
{
    public static void MapIngestionTasks(this IEndpointRouteBuilder api)
    {
        var tasks = api.MapGroup("/ingestion-tasks");
        tasks.MapGet("", ListAsync);
        tasks.MapPost("", CreateAsync);
        tasks.MapGet("/{id}", GetAsync);
        tasks.MapPost("/{id}/cancel", CancelAsync);
        tasks.MapGet("/{id}/logs", LogsAsync);
    }

    private static Task<IResult> ListAsync(Page page, HttpContext http, IngestionTaskView view) => page.AnswerAsync<IngestionTaskRow>(async (limit, token) =>
    {
        var (rows, next) = await view.ListAsync(limit, token, http.RequestAborted);
        return ([.. rows.Select(r => r.Row)], next);
    });

    private static async Task<IResult> CreateAsync(RequestIngestion command, HttpContext http, CommandDoor door, IngestionTaskView view)
    {
        var result = await door.ExecuteAsync(command, http.GetDoorCall(), http.RequestAborted);
        return result.Refusal is { } refusal
            ? ApiResults.Refused(refusal)
            : ApiResults.Created($"{http.Request.Path}/{result.Value}", (await view.GetAsync((string)result.Value!, http.RequestAborted))!.Row);
    }

    private static async Task<IResult> GetAsync(string id, HttpContext http, IngestionTaskView view, DatasetsJobs jobs) =>
        await view.GetAsync(id, http.RequestAborted) switch
        {
            null => NotFound(id),
            // Progress moves without an event, so the version would not tell that the answer has changed.
            { Row: { Status: TaskStatuses.Running } row } => ApiResults.Ok(row with { Progress = await jobs.Progress.GetAsync(id, http.RequestAborted) }),
            var task => ApiResults.Versioned(http, task.Version, task.Row),
        };

    private static async Task<IResult> CancelAsync(string id, HttpContext http, CommandDoor door, IngestionTaskView view)
    {
        var result = await door.ExecuteAsync(new CancelIngestion { TaskId = id }, http.GetDoorCall(), http.RequestAborted);
        return result.Refusal is { } refusal ? ApiResults.Refused(refusal) : ApiResults.Ok((await view.GetAsync(id, http.RequestAborted))!.Row);
    }

    private static async Task<IResult> LogsAsync(string id, bool? follow, HttpContext http, IngestionTaskView view, TaskFolders folders) =>
        await view.GetAsync(id, http.RequestAborted) is null
            ? NotFound(id)
            : TaskLogs.Stream(folders, id, follow == true ? async token => (await view.GetAsync(id, token))!.Row.CompletedAt is not null : null);

    private static IResult NotFound(string id) =>
        ApiResults.Refused(new Refusal(ErrorCodes.TaskNotFound, $"Ingestion task '{id}' does not exist; list the tasks to find its id."));
}
