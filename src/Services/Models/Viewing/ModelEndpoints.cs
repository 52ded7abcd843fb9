using System.Text.Json;
using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Models;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EventMl.Models.Viewing;

/// <summary><c>/models</c>.</summary>
internal static class ModelEndpoints
{
    public static void MapModelResources(this IEndpointRouteBuilder api)
    {
        var models = api.MapGroup("/models");
        models.MapGet("", (Page page, AsOf asOf, ModelView view, CancellationToken ct) => page.AnswerAsync((limit, cursor) => ListAsync(asOf.Of(view), limit, cursor, ct))).Needs(Role.Viewer);
        models.MapGet("/{id}", GetAsync).Needs(Role.Viewer);
        models.MapGet("/{id}/refold", RefoldAsync).Needs(Role.Viewer);
        models.MapGet("/{id}/decisions", DecisionsAsync).Needs(Role.Viewer);
        models.MapDelete("/{id}", DeleteAsync).Needs(Role.Developer);
        models.MapPost("/{id}/evaluate", EvaluateAsync).Needs(Role.Developer);
        models.MapPost("/{id}/promote", PromoteAsync).Needs(Role.Approver);
    }

    private static async Task<(IReadOnlyList<ModelAnswer> Items, string? Next)> ListAsync(IViewReader<ModelRow> view, int limit, string? cursor, CancellationToken ct)
    {
        var found = new List<ModelAnswer>();
        do
        {
            var (rows, next) = await view.ListAsync(limit - found.Count, cursor, ct);
            found.AddRange(rows.Where(r => !r.Row.Deleted).Select(r => ModelAnswer.From(r.Row)));
            cursor = next;
        }
        while (cursor is not null && found.Count < limit);

        return (found, cursor);
    }

    private static async Task<IResult> GetAsync(string id, AsOf asOf, ModelView view, HttpContext context, CancellationToken ct)
    {
        if (RequestRules.Reference(id) is not { } wanted || await asOf.Of(view).GetAsync(wanted.Name, ct) is not { Row.Deleted: false } found)
        {
            return NotFound(id);
        }

        var shown = found.Row.Find(wanted.Version ?? found.Row.Version);
        return shown is null ? NotFound(id) : ApiResults.Versioned(context, found.Version, ModelAnswer.From(found.Row.Showing(shown)));
    }

    private static async Task<IResult> RefoldAsync(string id, ModelView view, Ledger ledger, CancellationToken ct)
    {
        if (await view.GetAsync(id, ct) is not { } live)
        {
            return NotFound(id);
        }

        var events = await ledger.ReadStreamAsync($"{Model.Category}-{id}", 1, ct);
        var refolded = view.Fold(events.Where(e => e.Version <= live.Version));
        return ApiResults.Ok(new RefoldAnswer(JsonElement.DeepEquals(Json(live.Row), Json(refolded)), live.Version, live.Row, refolded));
    }

    // A deleted model's decisions are told as well: they were made.
    private static async Task<IResult> DecisionsAsync(string id, Page page, AsOf asOf, ModelView view, DecisionView decisions, CancellationToken ct) =>
        await asOf.Of(view).GetAsync(id, ct) is null
            ? NotFound(id)
            : await page.AnswerAsync((limit, cursor) => asOf.IsNow ? decisions.OfModelAsync(id, limit, cursor, ct) : DecisionView.OfModelAsync(asOf.Of(decisions), id, limit, cursor, ct));

    private static async Task<IResult> DeleteAsync(string id, CommandDoor door, HttpContext context, CancellationToken ct)
    {
        var result = await door.ExecuteAsync(new DeleteModel { Model = id }, context.GetDoorCall(), ct);
        return result.Refusal is { } refusal ? ApiResults.Refused(refusal) : Results.NoContent();
    }

    private static async Task<IResult> EvaluateAsync(string id, EvaluateBody? body, CommandDoor door, ModelView view, HttpContext context, CancellationToken ct)
    {
        var result = await door.ExecuteAsync(new EvaluateModel { Model = id, Version = body?.Version, Dataset = body?.Dataset }, context.GetDoorCall(), ct);
        return result.Refusal is { } refusal ? ApiResults.Refused(refusal)
            : await view.GetAsync(id, ct) is { } row ? Results.Json(row.Row.Find((long)result.Value!), WebJson.Options, statusCode: StatusCodes.Status202Accepted)
            : NotFound(id);
    }

    private static async Task<IResult> PromoteAsync(string id, PromoteBody? body, CommandDoor door, HttpContext context, CancellationToken ct)
    {
        var result = await door.ExecuteAsync(new PromoteModel { Model = id, Version = body?.Version }, context.GetDoorCall(), ct);
        return result.Refusal is { } refusal ? ApiResults.Refused(refusal) : ApiResults.Ok(result.Value!);
    }

    private static IResult NotFound(string id) =>
        ApiResults.Error(ErrorCodes.ModelNotFound, $"Model '{id}' does not exist; list the models to find its name and versions.");

    private static JsonElement Json(ModelRow? row) => JsonSerializer.SerializeToElement(row, LedgerJson.Options);
}
