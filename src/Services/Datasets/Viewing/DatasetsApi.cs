using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.EventStore;
using EventMl.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EventMl.Datasets.Viewing;

/// <summary><c>/datasets</c>.</summary>
internal static class DatasetsApi
{
    public static void MapDatasetResources(this IEndpointRouteBuilder api)
    {
        var datasets = api.MapGroup("/datasets");
        datasets.MapGet("", ListAsync).Needs(Role.Viewer);
        datasets.MapGet("/{id}", GetAsync).Needs(Role.Viewer);
        datasets.MapDelete("/{id}", DeleteAsync).Needs(Role.Developer);
    }

    private static Task<IResult> ListAsync(Page page, AsOf asOf, HttpContext http, DatasetView view) => page.AnswerAsync<DatasetRow>(async (limit, token) =>
    {
        var (rows, next) = await asOf.Of(view).ListAsync(limit, token, http.RequestAborted);
        return ([.. rows.Select(r => r.Row)], next);
    });

    private static async Task<IResult> GetAsync(string id, AsOf asOf, HttpContext http, DatasetView view) =>
        await asOf.Of(view).GetAsync(id, http.RequestAborted) is { } dataset
            ? ApiResults.Versioned(http, dataset.Version, dataset.Row)
            : ApiResults.Refused(new Refusal(ErrorCodes.DatasetNotFound, $"Dataset '{id}' does not exist; list the datasets to find its name."));

    private static async Task<IResult> DeleteAsync(string id, HttpContext http, CommandDoor door)
    {
        var result = await door.ExecuteAsync(new DeleteDataset { Dataset = id }, http.GetDoorCall(), http.RequestAborted);
        return result.Refusal is { } refusal ? ApiResults.Refused(refusal) : Results.NoContent();
    }
}
