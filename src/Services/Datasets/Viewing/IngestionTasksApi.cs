using EventMl.Contracts.Datasets;
using EventMl.Jobs;
using EventMl.Tasks;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace EventMl.Datasets.Viewing;

/// <summary><c>/ingestion-tasks</c>.</summary>
internal static class IngestionTasksApi
{
    public static void MapIngestionTasks(this IEndpointRouteBuilder api)
    {
        var services = api.ServiceProvider;
        new TaskResource<IngestionTaskRow>(
            "Ingestion task", services.GetRequiredService<IngestionTaskView>(), services.GetRequiredService<DatasetsJobs>().Progress, services.GetRequiredService<TaskFolders>())
            .Map<RequestIngestion, CancelIngestion>(api, "/ingestion-tasks", id => new CancelIngestion { TaskId = id });
    }
}
