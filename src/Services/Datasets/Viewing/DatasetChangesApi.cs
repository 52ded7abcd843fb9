using System.Text.Json;
using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.Datasets.Changing;
using EventMl.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EventMl.Datasets.Viewing;

/// <summary>Body of a tag.</summary>
internal sealed record TagBody(string? Tag, long? Version, bool? Move);

/// <summary>Body of a restoration.</summary>
internal sealed record RestoreBody(long? Version);

/// <summary>Body of a clone.</summary>
internal sealed record CloneBody(string? Output, long? Version);

/// <summary>A condition whose value may be any JSON value.</summary>
internal sealed record ConditionBody(string? Column, string? Op, JsonElement? Value)
{
    public RowCondition ToCondition() => new()
    {
        Column = Column,
        Op = Op,
        Value = Value switch
        {
            null or { ValueKind: JsonValueKind.Null } => null,
            { ValueKind: JsonValueKind.String } text => text.GetString(),
            var other => other.Value.GetRawText(),
        },
    };
}

/// <summary>Body of a deletion of rows.</summary>
internal sealed record DeleteRowsBody(IReadOnlyList<long>? RowIds, ConditionBody? Where);

/// <summary>Body of a dropping of columns.</summary>
internal sealed record DropColumnsBody(IReadOnlyList<string>? Columns);

/// <summary>Body of a collection.</summary>
internal sealed record CollectBody(int? KeepVersions, long? KeepYoungerThanSeconds, long? GraceSeconds);

/// <summary>What is done to a dataset: tags at once, everything else as a change that a worker makes and <c>/datasets/{id}/changes</c> tells of.</summary>
internal static class DatasetChangesApi
{
    public static void MapDatasetChanges(this IEndpointRouteBuilder datasets)
    {
        datasets.MapPost("/{id}/tags", TagAsync).Needs(Role.Developer);
        datasets.MapDelete("/{id}/tags/{tag}", UntagAsync).Needs(Role.Developer);
        datasets.MapGet("/{id}/changes", ListAsync).Needs(Role.Viewer);
        datasets.MapGet("/{id}/changes/{change}", GetAsync).Needs(Role.Viewer);
        datasets.MapPost("/{id}/restore", (string id, RestoreBody body, HttpContext http, CommandDoor door, DatasetHistoryView view) =>
            RequestAsync(new RestoreDataset { Dataset = id, Version = body.Version }, http, door, view)).Needs(Role.Developer);
        datasets.MapPost("/{id}/clone", (string id, CloneBody body, HttpContext http, CommandDoor door, DatasetHistoryView view) =>
            RequestAsync(new CloneDataset { Dataset = id, Output = body.Output, Version = body.Version }, http, door, view)).Needs(Role.Developer);
        datasets.MapPost("/{id}/delete-rows", (string id, DeleteRowsBody body, HttpContext http, CommandDoor door, DatasetHistoryView view) =>
            RequestAsync(new DeleteDatasetRows { Dataset = id, RowIds = body.RowIds, Where = body.Where?.ToCondition() }, http, door, view)).Needs(Role.Developer);
        datasets.MapPost("/{id}/drop-columns", (string id, DropColumnsBody body, HttpContext http, CommandDoor door, DatasetHistoryView view) =>
            RequestAsync(new DropDatasetColumns { Dataset = id, Columns = body.Columns }, http, door, view)).Needs(Role.Developer);
        datasets.MapPost("/{id}/compact", (string id, HttpContext http, CommandDoor door, DatasetHistoryView view) =>
            RequestAsync(new CompactDataset { Dataset = id }, http, door, view)).Needs(Role.Developer);
        datasets.MapPost("/{id}/gc", (string id, CollectBody? body, HttpContext http, CommandDoor door, DatasetHistoryView view) => RequestAsync(
            new CollectDatasetGarbage { Dataset = id, KeepVersions = body?.KeepVersions, KeepYoungerThanSeconds = body?.KeepYoungerThanSeconds, GraceSeconds = body?.GraceSeconds }, http, door, view)).Needs(Role.Developer);
    }

    /// <summary>Sends a command that a change follows from, and answers with the change.</summary>
    public static async Task<IResult> RequestAsync<TCommand>(TCommand command, HttpContext http, CommandDoor door, DatasetHistoryView view)
        where TCommand : class
    {
        var result = await door.ExecuteAsync(command, http.GetDoorCall(), http.RequestAborted);
        return result.Refusal is { } refusal ? ApiResults.Refused(refusal) : await AnswerAsync((AcceptedChange)result.Value!, view, http.RequestAborted);
    }

    /// <summary>Answers with a change that was accepted.</summary>
    public static async Task<IResult> AnswerAsync(AcceptedChange accepted, DatasetHistoryView view, CancellationToken ct)
    {
        var history = (await view.GetAsync(accepted.Dataset, ct))!.Row;
        return history.Changes.FirstOrDefault(c => c.Id == accepted.ChangeId) is { } change
            ? ApiResults.Created($"/api/v1/datasets/{accepted.Dataset}/changes/{accepted.ChangeId}", change)
            : NoChange(accepted.Dataset, accepted.ChangeId);
    }

    private static IResult NoChange(string id, string change) =>
        ApiResults.Error(ErrorCodes.TaskNotFound, $"Dataset '{id}' has no change '{change}' among its latest; list its changes to find the id.");

    private static async Task<IResult> TagAsync(string id, TagBody body, HttpContext http, CommandDoor door, DatasetHistoryView view)
    {
        var command = new TagDataset { Dataset = id, Tag = body.Tag, Version = body.Version, Move = body.Move };
        var result = await door.ExecuteAsync(command, http.GetDoorCall(), http.RequestAborted);
        return result.Refusal is { } refusal
            ? ApiResults.Refused(refusal)
            : ApiResults.Created($"/api/v1/datasets/{id}/versions/{body.Tag}", (await view.GetAsync(id, http.RequestAborted))!.Row.Tags);
    }

    private static async Task<IResult> UntagAsync(string id, string tag, HttpContext http, CommandDoor door)
    {
        var result = await door.ExecuteAsync(new UntagDataset { Dataset = id, Tag = tag }, http.GetDoorCall(), http.RequestAborted);
        return result.Refusal is { } refusal ? ApiResults.Refused(refusal) : Results.NoContent();
    }

    // The newest first; there are never so many that they need pages, but a list is a list.
    private static async Task<IResult> ListAsync(string id, Page page, AsOf asOf, DatasetHistoryView view, CancellationToken ct) =>
        await asOf.Of(view).GetAsync(id, ct) is { } found
            ? await page.AnswerAsync<DatasetChangeRow>((limit, token) =>
            {
                var start = token is null ? 0 : int.TryParse(token, out var at) && at >= 0 ? at : throw new FormatException("The cursor is no place in the list.");
                var rows = found.Row.Changes.Reverse().Skip(start).Take(limit).ToArray();
                return Task.FromResult<(IReadOnlyList<DatasetChangeRow>, string?)>((rows, start + rows.Length < found.Row.Changes.Count ? $"{start + rows.Length}" : null));
            })
            : DatasetVersionsApi.NotFound(id);

    private static async Task<IResult> GetAsync(string id, string change, AsOf asOf, DatasetHistoryView view, HttpContext http, CancellationToken ct) =>
        await asOf.Of(view).GetAsync(id, ct) is { } found && found.Row.Changes.FirstOrDefault(c => c.Id == change) is { } row
            ? ApiResults.Versioned(http, found.Version, row)
            : NoChange(id, change);
}
