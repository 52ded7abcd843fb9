using EventMl.Bus;
using EventMl.Contracts.Training;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Training.Cancelling;
using EventMl.Training.Completing;
using EventMl.Training.Requesting;
using EventMl.Training.Running;
using EventMl.Training.Viewing;
using EventMl.Web;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace EventMl.Training;

/// <summary>The training area: tasks that turn a dataset version into a model artifact.</summary>
public static class TrainingModule
{
    /// <summary>Name of the area and of its schema.</summary>
    public const string Schema = "training";

    /// <summary>Categories that only this area appends to.</summary>
    public static CategoryOwner Owner { get; } = new(Schema, TrainingTask.Category, $"{TrainingTask.Category}_refusal", TrainingProgress.Category);

    /// <summary>The area's commands on the bus.</summary>
    public static void AddTrainingCommands(this BusRegistrations bus) => bus
        .AddCommand<RequestTraining, RequestTrainingHandler>(Schema, Role.Developer, TrainingTask.Category)
        .AddCommand<CancelTraining, CancelTrainingHandler>(Schema, Role.Developer, TrainingTask.Category)
        .AddCommand<RunTraining, RunTrainingHandler>(Schema, Role.Admin, TrainingTask.Category)
        .AddCommand<CompleteTraining, CompleteTrainingHandler>(Schema, Role.Admin, TrainingTask.Category)
        .AddCommand<SettleTraining, SettleTrainingHandler>(Schema, Role.Admin, TrainingTask.Category);

    /// <summary>The area's views, jobs and runner.</summary>
    public static IServiceCollection AddTraining(this IServiceCollection services, JobRunnerOptions runner) => services
        .AddView<TrainingTaskView, TrainingTaskRow>()
        .AddView<EpochView, EpochRows>()
        .AddSingleton<TrainingJobs>()
        .AddExecutor<TrainingExecutor>()
        .AddJobRunner(p => p.GetRequiredService<TrainingJobs>().Queue, p => [p.GetRequiredService<TrainingExecutor>()], runner);

    /// <summary>Statements that create the area's own tables.</summary>
    public static IEnumerable<string> CreateSql(IServiceProvider services) =>
        [services.GetRequiredService<TrainingJobs>().Queue.CreateSql, services.GetRequiredService<TrainingJobs>().Progress.CreateSql];

    /// <summary>The area's REST.</summary>
    public static void MapTraining(this IEndpointRouteBuilder api) => api.InArea(Schema).MapTrainingTasks();
}
