using EventMl.Bus;
using EventMl.Contracts.Datasets;
using EventMl.Datasets.Cancelling;
using EventMl.Datasets.Deleting;
using EventMl.Datasets.Requesting;
using EventMl.Datasets.Running;
using EventMl.Datasets.Viewing;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Web;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace EventMl.Datasets;

/// <summary>The datasets area: ingestion tasks and the versions they make.</summary>
public static class DatasetsModule
{
    /// <summary>Name of the area and of its schema.</summary>
    public const string Schema = "datasets";

    /// <summary>Categories that only this area appends to.</summary>
    public static CategoryOwner Owner { get; } = new(Schema, IngestionTask.Category, $"{IngestionTask.Category}_refusal", Dataset.Category, $"{Dataset.Category}_refusal");

    /// <summary>The area's commands on the bus.</summary>
    public static void AddDatasetsCommands(this BusRegistrations bus) => bus
        .AddCommand<RequestIngestion, RequestIngestionHandler>(Schema, Role.Developer, IngestionTask.Category)
        .AddCommand<CancelIngestion, CancelIngestionHandler>(Schema, Role.Developer, IngestionTask.Category)
        .AddCommand<RunIngestion, RunIngestionHandler>(Schema, Role.Admin, IngestionTask.Category)
        .AddCommand<DeleteDataset, DeleteDatasetHandler>(Schema, Role.Developer, Dataset.Category);

    /// <summary>The area's views, jobs and runner.</summary>
    public static IServiceCollection AddDatasets(this IServiceCollection services, JobRunnerOptions runner) => services
        .AddView<IngestionTaskView, IngestionTaskRow>()
        .AddView<DatasetView, DatasetRow>()
        .AddSingleton<DatasetsJobs>()
        .AddExecutor<IngestionExecutor>()
        .AddJobRunner(p => p.GetRequiredService<DatasetsJobs>().Queue, p => [p.GetRequiredService<IngestionExecutor>()], runner);

    /// <summary>Statements that create the area's own tables.</summary>
    public static IEnumerable<string> CreateSql(IServiceProvider services) =>
        [services.GetRequiredService<DatasetsJobs>().Queue.CreateSql, services.GetRequiredService<DatasetsJobs>().Progress.CreateSql];

    /// <summary>The area's REST.</summary>
    public static void MapDatasets(this IEndpointRouteBuilder api)
    {
        api = api.InArea(Schema);
        api.MapIngestionTasks();
        api.MapComputeTasks();
        api.MapDatasetResources();
    }
}
