using EventMl.Bus;
using EventMl.Contracts.Datasets;
using EventMl.Datasets.Changing;
using EventMl.Datasets.Importing;
using EventMl.Lake;
using EventMl.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace EventMl.Datasets.Viewing;

/// <summary>Body of an import of an archive that lies under an allowed root.</summary>
internal sealed record ImportBody(string? Dataset, string? Input);

/// <summary>A dataset version as one file: out, and in again.</summary>
internal static class DatasetArchivesApi
{
    /// <summary>Larger archives are put under an allowed root and imported by their path.</summary>
    public const long MaxUploadBytes = 64L << 30;

    public static void MapDatasetArchives(this IEndpointRouteBuilder datasets)
    {
        datasets.MapGet("/{id}/versions/{version}/archive", ExportAsync).Needs(Role.Viewer);
        datasets.MapPost("/{id}/archive", SendAsync).Needs(Role.Developer);
        datasets.MapPost("/import", (ImportBody body, HttpContext http, CommandDoor door, DatasetHistoryView view) =>
            DatasetChangesApi.RequestAsync(new ImportDataset { Dataset = body.Dataset, Input = body.Input }, http, door, view)).Needs(Role.Developer);
    }

    private static async Task<IResult> ExportAsync(string id, string version, AsOf asOf, DatasetHistoryView view, LakeStore lake, CancellationToken ct)
    {
        var (row, stored, problem) = await DatasetVersionsApi.ReadAsync(id, version, asOf.Of(view), lake, ct);
        return problem ?? Results.Stream(body => lake.ExportAsync(stored!, body, ct), "application/x-tar", $"{id}-{row!.Version}.tar");
    }

    private static async Task<IResult> SendAsync(string id, HttpContext http, CommandDoor door, SentArchives sent, DatasetHistoryView view)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = MaxUploadBytes;
        }

        var upload = await sent.SaveAsync(http.Request.Body, http.RequestAborted);
        var taken = false;
        try
        {
            var result = await door.ExecuteAsync(new ImportDataset { Dataset = id, Upload = upload }, http.GetDoorCall(), http.RequestAborted);
            if (result.Refusal is { } refusal)
            {
                return ApiResults.Refused(refusal);
            }

            // A repeated wish is answered with the change that the first one made; its archive is not needed.
            var accepted = (AcceptedChange)result.Value!;
            taken = accepted.IsNew;
            return await DatasetChangesApi.AnswerAsync(accepted, view, http.RequestAborted);
        }
        finally
        {
            if (!taken)
            {
                sent.Delete(upload);
            }
        }
    }
}
