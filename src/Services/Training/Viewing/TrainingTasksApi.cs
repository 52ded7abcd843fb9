using EventMl.Bus;
using EventMl.Contracts.Training;
using EventMl.Jobs;
using EventMl.Tasks;
using EventMl.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace EventMl.Training.Viewing;

/// <summary><c>/training-tasks</c>.</summary>
internal static class TrainingTasksApi
{
    public static void MapTrainingTasks(this IEndpointRouteBuilder api)
    {
        var services = api.ServiceProvider;
        var resource = new TaskResource<TrainingTaskRow>(
            "Training task", services.GetRequiredService<TrainingTaskView>(), services.GetRequiredService<TrainingJobs>().Progress, services.GetRequiredService<TaskFolders>());
        resource.Map<RequestTraining, CancelTraining>(api, "/training-tasks", id => new CancelTraining { TaskId = id })
            .MapGet("/{id}/epochs", async (string id, AsOf asOf, HttpContext http, TrainingTaskView view, EpochView epochs) =>
                await asOf.Of(view).GetAsync(id, http.RequestAborted) is null
                    ? resource.NotFound(id)
                    : ApiResults.Ok((await asOf.Of(epochs).GetAsync(id, http.RequestAborted))?.Row.Epochs ?? [])).Needs(Role.Viewer);
    }
}
