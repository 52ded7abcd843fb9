using EventMl.Bus;
using EventMl.Contracts;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EventMl.Tasks;

/// <summary>What REST needs to know of a task's row.</summary>
public interface ITaskRow<TSelf>
{
    /// <summary>One of <see cref="TaskStatuses"/>.</summary>
    string Status { get; }

    /// <summary>When it ended; null while it lives.</summary>
    DateTimeOffset? CompletedAt { get; }

    /// <summary>The same row with the progress of a running task, which is shown and never recorded.</summary>
    TSelf WithProgress(JobProgress? progress);
}

/// <summary>One kind of task in REST: list, create, get, cancel, logs.</summary>
/// <param name="noun">What a person calls it: <c>Training task</c>.</param>
/// <param name="view">Its rows.</param>
/// <param name="progress">The progress of running ones.</param>
/// <param name="folders">Where the logs are.</param>
public sealed class TaskResource<TRow>(string noun, View<TRow> view, JobProgressBoard progress, TaskFolders folders)
    where TRow : class, ITaskRow<TRow>
{
    /// <summary>What the ids of this kind begin with, where several kinds share a view.</summary>
    public string IdPrefix { get; init; } = "";

    /// <summary>How a row is answered; as it is unless given.</summary>
    public Func<TRow, object> Show { get; init; } = row => row;

    /// <summary>Maps the routes below a path such as <c>/training-tasks</c>, where the body of a request is the command.</summary>
    /// <param name="api">Where to.</param>
    /// <param name="path">Path of the kind.</param>
    /// <param name="cancel">The command that ends the task of an id.</param>
    /// <returns>The group, for what only this kind has.</returns>
    public RouteGroupBuilder Map<TRequest, TCancel>(IEndpointRouteBuilder api, string path, Func<string, TCancel> cancel)
        where TRequest : class
        where TCancel : class => Map<TRequest, TRequest, TCancel>(api, path, (body, _) => (body, null), cancel);

    /// <summary>Maps the routes below a path, where the body of a request becomes a command or is refused.</summary>
    public RouteGroupBuilder Map<TBody, TRequest, TCancel>(
        IEndpointRouteBuilder api, string path, Func<TBody, DoorCall, (TRequest? Request, Refusal? Refusal)> read, Func<string, TCancel> cancel)
        where TBody : class
        where TRequest : class
        where TCancel : class
    {
        // A local, since the analyzer of route handlers fails on a lambda whose parameter is a type parameter.
        Delegate create = (TBody body, HttpContext http, CommandDoor door) => CreateAsync(read(body, http.GetDoorCall()), http, door);
        var tasks = api.MapGroup(path);
        tasks.MapGet("", ListAsync).Needs(Role.Viewer);
        tasks.MapPost("", create).Needs(Role.Developer);
        tasks.MapGet("/{id}", GetAsync).Needs(Role.Viewer);
        tasks.MapPost("/{id}/cancel", (string id, HttpContext http, CommandDoor door) => CancelAsync(id, cancel(id), http, door)).Needs(Role.Developer);
        tasks.MapGet("/{id}/logs", LogsAsync).Needs(Role.Viewer);
        return tasks;
    }

    /// <summary>The answer for an id that no task of the kind has.</summary>
    public IResult NotFound(string id) =>
        ApiResults.Refused(new Refusal(ErrorCodes.TaskNotFound, $"{noun} '{id}' does not exist; list the tasks to find its id."));

    private Task<IResult> ListAsync(Page page, AsOf asOf, HttpContext http) => page.AnswerAsync<object>(async (limit, token) =>
    {
        var (rows, next) = await asOf.Of(view).ListAsync(IdPrefix, limit, token, http.RequestAborted);
        return ([.. rows.Select(r => Show(r.Row))], next);
    });

    private async Task<IResult> CreateAsync<TRequest>((TRequest? Request, Refusal? Refusal) read, HttpContext http, CommandDoor door)
        where TRequest : class
    {
        if (read.Request is not { } request)
        {
            return ApiResults.Refused(read.Refusal!);
        }

        var result = await door.ExecuteAsync(request, http.GetDoorCall(), http.RequestAborted);
        return result.Refusal is { } refusal
            ? ApiResults.Refused(refusal)
            : ApiResults.Created($"{http.Request.Path}/{result.Value}", Show((await view.GetAsync((string)result.Value!, http.RequestAborted))!.Row));
    }

    private async Task<IResult> GetAsync(string id, AsOf asOf, HttpContext http) =>
        await FindAsync(id, asOf.Of(view), http.RequestAborted) switch
        {
            null => NotFound(id),
            // Progress moves without an event, so the version would not tell that the answer has changed.
            { Row: { Status: TaskStatuses.Running } row } when asOf.IsNow => ApiResults.Ok(Show(row.WithProgress(await progress.GetAsync(id, http.RequestAborted)))),
            var task => ApiResults.Versioned(http, task.Version, Show(task.Row)),
        };

    private async Task<IResult> CancelAsync<TCancel>(string id, TCancel command, HttpContext http, CommandDoor door)
        where TCancel : class
    {
        if (!IsOfKind(id))
        {
            return NotFound(id);
        }

        var result = await door.ExecuteAsync(command, http.GetDoorCall(), http.RequestAborted);
        return result.Refusal is { } refusal ? ApiResults.Refused(refusal) : ApiResults.Ok(Show((await view.GetAsync(id, http.RequestAborted))!.Row));
    }

    private async Task<IResult> LogsAsync(string id, bool? follow, HttpContext http) =>
        await FindAsync(id, view, http.RequestAborted) is null
            ? NotFound(id)
            : TaskLogs.Stream(folders, id, follow == true ? async token => (await view.GetAsync(id, token))!.Row.CompletedAt is not null : null, http.RequestAborted);

    private bool IsOfKind(string id) => id.StartsWith(IdPrefix, StringComparison.Ordinal);

    private async Task<ViewRow<TRow>?> FindAsync(string id, IViewReader<TRow> rows, CancellationToken cancellationToken) =>
        IsOfKind(id) ? await rows.GetAsync(id, cancellationToken) : null;
}
