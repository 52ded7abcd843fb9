using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Serving;
using EventMl.EventStore;
using EventMl.Serving.Predicting;
using EventMl.Serving.Running;
using EventMl.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EventMl.Serving.Viewing;

/// <summary><c>/inference-services</c>.</summary>
internal static class InferenceServicesApi
{
    public static void MapInferenceServices(this IEndpointRouteBuilder api)
    {
        var services = api.MapGroup("/inference-services");
        services.MapGet("", ListAsync).Needs(Role.Viewer);
        services.MapPost("", CreateAsync).Needs(Role.Developer);
        services.MapGet("/{id}", GetAsync).Needs(Role.Viewer);
        services.MapDelete("/{id}", DeleteAsync).Needs(Role.Developer);
        services.MapPost("/{id}/predict", PredictAsync).Needs(Role.Viewer);
    }

    private static Task<IResult> ListAsync(Page page, AsOf asOf, HttpContext http, InferenceServiceView view) => page.AnswerAsync<InferenceServiceRow>(async (limit, token) =>
    {
        var (rows, next) = await asOf.Of(view).ListAsync(limit, token, http.RequestAborted);
        return ([.. rows.Select(r => r.Row)], next);
    });

    private static async Task<IResult> CreateAsync(CreateInferenceService command, HttpContext http, CommandDoor door, InferenceServiceView view)
    {
        var result = await door.ExecuteAsync(command, http.GetDoorCall(), http.RequestAborted);
        return result.Refusal is { } refusal
            ? ApiResults.Refused(refusal)
            : ApiResults.Created($"{http.Request.Path}/{result.Value}", (await view.GetAsync((string)result.Value!, http.RequestAborted))!.Row);
    }

    private static async Task<IResult> GetAsync(string id, AsOf asOf, HttpContext http, InferenceServiceView view) =>
        await asOf.Of(view).GetAsync(id, http.RequestAborted) is { } service ? ApiResults.Versioned(http, service.Version, service.Row) : NotFound(id);

    private static async Task<IResult> DeleteAsync(string id, HttpContext http, CommandDoor door, ServiceRegistry registry)
    {
        var result = await door.ExecuteAsync(new DeleteInferenceService { ServiceId = id }, http.GetDoorCall(), http.RequestAborted);
        if (result.Refusal is { } refusal)
        {
            return ApiResults.Refused(refusal);
        }

        await registry.StopAsync(id);
        return Results.NoContent();
    }

    private static async Task<IResult> PredictAsync(string id, HttpContext http, InferenceServiceView view, ServiceRegistry registry, PredictionForwarder forwarder)
    {
        if (registry.Find(id) is { } here)
        {
            return await ImagePredictionApi.PredictAsync(here.Model, http.Request, http.RequestAborted);
        }

        return await view.GetAsync(id, http.RequestAborted) switch
        {
            null => NotFound(id),
            { Row: { Status: "running", Endpoint: { } endpoint } } => await forwarder.ForwardAsync(endpoint, http),
            { Row.Status: var status } => ApiResults.Refused(new Refusal(ErrorCodes.Unavailable, $"Inference service '{id}' is {status}; try again when it is running.")),
        };
    }

    private static IResult NotFound(string id) =>
        ApiResults.Refused(new Refusal(ErrorCodes.ServiceNotFound, $"Inference service '{id}' does not exist; list the services to find its id."));
}
