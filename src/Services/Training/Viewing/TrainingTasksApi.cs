using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EventMl.Training.Viewing;

/// <summary><c>/training-tasks</c>.</summary>
internal static class TrainingTasksApi
{
    public static void MapTrainingTasks(this IEndpointRouteBuilder api)
    {
        var tasks = api.MapGroup("/training-tasks");
        tasks.MapGet("", ListAsync);
        tasks.MapPost("", CreateAsync);
        tasks.MapGet("/{id}", GetAsync);
        tasks.MapPost("/{id}/cancel", CancelAsync);
        tasks.MapGet("/{id}/epochs", EpochsAsync);
        tasks.MapGet("/{id}/logs", LogsAsync);
    }

    private static Task<IResult> ListAsync(Page page, HttpContext http, TrainingTaskView view) => page.AnswerAsync<TrainingTaskRow>(async (limit, token) =>
    {
        var (rows, next) = await view.ListAsync(limit, token, http.RequestAborted);
        return ([.. rows.Select(r => r.Row)], next);
    });

    private static async Task<IResult> CreateAsync(RequestTraining command, HttpContext http, CommandDoor door, TrainingTaskView view)
    {
        var result = await door.ExecuteAsync(command, http.GetDoorCall(), http.RequestAborted);
        return result.Refusal is { } refusal
            ? ApiResults.Refused(refusal)
            : ApiResults.Created($"{http.Request.Path}/{result.Value}", (await view.GetAsync((string)result.Value!, http.RequestAborted))!.Row);
    }

    private static async Task<IResult> GetAsync(string id, HttpContext http, TrainingTaskView view, TrainingJobs jobs) =>
        await view.GetAsync(id, http.RequestAborted) switch
        {
            null => NotFound(id),
            // Progress moves without an event, so the version would not tell that the answer has changed.
            { Row: { Status: TaskStatuses.Running } row } => ApiResults.Ok(row with { Progress = await jobs.Progress.GetAsync(id, http.RequestAborted) }),
            var task => ApiResults.Versioned(http, task.Version, task.Row),
        };

    private static async Task<IResult> CancelAsync(string id, HttpContext http, CommandDoor door, TrainingTaskView view)
    {
        var result = await door.ExecuteAsync(new CancelTraining { TaskId = id }, http.GetDoorCall(), http.RequestAborted);
        return result.Refusal is { } refusal ? ApiResults.Refused(refusal) : ApiResults.Ok((await view.GetAsync(id, http.RequestAborted))!.Row);
    }

    private static async Task<IResult> EpochsAsync(string id, HttpContext http, TrainingTaskView view, EpochView epochs) =>
        await view.GetAsync(id, http.RequestAborted) is null
            ? NotFound(id)
            : ApiResults.Ok((await epochs.GetAsync(id, http.RequestAborted))?.Row.Epochs ?? []);

    private static async Task<IResult> LogsAsync(string id, bool? follow, HttpContext http, TrainingTaskView view, TaskFolders folders) =>
        await view.GetAsync(id, http.RequestAborted) is null
            ? NotFound(id)
            : TaskLogs.Stream(folders, id, follow == true ? async token => (await view.GetAsync(id, token))!.Row.CompletedAt is not null : null);

    private static IResult NotFound(string id) =>
        ApiResults.Refused(new Refusal(ErrorCodes.TaskNotFound, $"Training task '{id}' does not exist; list the tasks to find its id."));
}
