using EventMl.Bus;
using EventMl.Contracts.Serving;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Serving.Creating;
using EventMl.Serving.Deleting;
using EventMl.Serving.Predicting;
using EventMl.Serving.Running;
using EventMl.Serving.Viewing;
using EventMl.Web;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace EventMl.Serving;

/// <summary>The serving area: inference services and their predictions.</summary>
public static class ServingModule
{
    /// <summary>Name of the area and of its schema.</summary>
    public const string Schema = "serving";

    /// <summary>Categories that only this area appends to.</summary>
    public static CategoryOwner Owner { get; } = new(Schema, InferenceService.Category, $"{InferenceService.Category}_refusal");

    /// <summary>The area's commands on the bus.</summary>
    public static void AddServingCommands(this BusRegistrations bus) => bus
        .AddCommand<CreateInferenceService, CreateInferenceServiceHandler>(Schema, Role.Developer, InferenceService.Category)
        .AddCommand<DeleteInferenceService, DeleteInferenceServiceHandler>(Schema, Role.Developer, InferenceService.Category);

    /// <summary>The area's views, jobs and runner; a service occupies its place in the runner for as long as it exists.</summary>
    public static IServiceCollection AddServing(this IServiceCollection services, JobRunnerOptions runner) => services
        .AddView<InferenceServiceView, InferenceServiceRow>()
        .AddSingleton<ServiceRegistry>()
        .AddSingleton<PredictionForwarder>()
        .AddSingleton<ServingJobs>()
        .AddSingleton<ServiceExecutor>()
        .AddJobRunner(p => p.GetRequiredService<ServingJobs>().Queue, p => [p.GetRequiredService<ServiceExecutor>()], runner with { Concurrency = 256 });

    /// <summary>Statements that create the area's own tables.</summary>
    public static IEnumerable<string> CreateSql(IServiceProvider services) => [services.GetRequiredService<ServingJobs>().Queue.CreateSql];

    /// <summary>The area's REST.</summary>
    public static void MapServing(this IEndpointRouteBuilder api) => api.InArea(Schema).MapInferenceServices();
}
