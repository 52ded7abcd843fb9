using EventMl.Bus;
using EventMl.Contracts.Datasets;
using EventMl.Datasets.Cancelling;
using EventMl.Datasets.Changing;
using EventMl.Datasets.Collecting;
using EventMl.Datasets.Deleting;
using EventMl.Datasets.Importing;
using EventMl.Datasets.Requesting;
using EventMl.Datasets.Running;
using EventMl.Datasets.Tagging;
using EventMl.Datasets.Viewing;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Web;
using Microsoft.AspNetCore.Builder;
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
        .AddCommand<DeleteDataset, DeleteDatasetHandler>(Schema, Role.Developer, Dataset.Category)
        .AddCommand<TagDataset, TagDatasetHandler>(Schema, Role.Developer, Dataset.Category)
        .AddCommand<UntagDataset, UntagDatasetHandler>(Schema, Role.Developer, Dataset.Category)
        .AddCommand<RestoreDataset, RestoreDatasetHandler>(Schema, Role.Developer, Dataset.Category)
        .AddCommand<CloneDataset, CloneDatasetHandler>(Schema, Role.Developer, Dataset.Category)
        .AddCommand<DeleteDatasetRows, DeleteDatasetRowsHandler>(Schema, Role.Developer, Dataset.Category)
        .AddCommand<DropDatasetColumns, DropDatasetColumnsHandler>(Schema, Role.Developer, Dataset.Category)
        .AddCommand<CompactDataset, CompactDatasetHandler>(Schema, Role.Developer, Dataset.Category)
        .AddCommand<CollectDatasetGarbage, CollectDatasetGarbageHandler>(Schema, Role.Developer, Dataset.Category)
        .AddCommand<ImportDataset, ImportDatasetHandler>(Schema, Role.Developer, Dataset.Category);

    /// <summary>The area's views, jobs and runner.</summary>
    public static IServiceCollection AddDatasets(this IServiceCollection services, JobRunnerOptions runner) => services
        .AddView<IngestionTaskView, IngestionTaskRow>()
        .AddView<DatasetView, DatasetRow>()
        .AddView<DatasetHistoryView, DatasetHistoryRow>()
        .AddSingleton<DatasetsJobs>()
        .AddSingleton<SentArchives>()
        .AddSingleton<LakeChanges>()
        .AddSingleton<ChangeExecutor>()
        .AddExecutor<IngestionExecutor>()
        .AddJobRunner(p => p.GetRequiredService<DatasetsJobs>().Queue, p => [p.GetRequiredService<IngestionExecutor>()], runner)
        // A runner of its own: a change of seconds does not wait for an ingestion of hours.
        .AddJobRunner(p => p.GetRequiredService<DatasetsJobs>().Changes, p => [p.GetRequiredService<ChangeExecutor>()], runner);

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
        var datasets = api.MapGroup("/datasets");
        datasets.MapDatasetVersions();
        datasets.MapDatasetChanges();
        datasets.MapDatasetArchives();
    }
}
