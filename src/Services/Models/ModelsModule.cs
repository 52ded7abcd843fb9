using System.ComponentModel.DataAnnotations;
using EventMl.Bus;
using EventMl.Contracts.Models;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Models.Deleting;
using EventMl.Models.Evaluating;
using EventMl.Models.Promoting;
using EventMl.Models.Registering;
using EventMl.Models.Viewing;
using EventMl.Web;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EventMl.Models;

/// <summary>The models area: the registry, its measurements and its promotions.</summary>
public static class ModelsModule
{
    /// <summary>Name of the area and of its schema.</summary>
    public const string Schema = "models";

    internal const string DecisionCategory = "decision";

    /// <summary>Categories that only this area appends to.</summary>
    public static CategoryOwner Owner { get; } = new(Schema, Model.Category, DecisionCategory, $"{Model.Category}_refusal");

    /// <summary>The area's commands on the bus.</summary>
    public static void AddModelsCommands(this BusRegistrations bus) => bus
        .AddCommand<RegisterModel, RegisterModelHandler>(Schema, Role.Admin, Model.Category)
        .AddCommand<EvaluateModel, EvaluateModelHandler>(Schema, Role.Developer, Model.Category)
        .AddCommand<PromoteModel, PromoteModelHandler>(Schema, Role.Approver, Model.Category)
        .AddCommand<DeleteModel, DeleteModelHandler>(Schema, Role.Developer, Model.Category);

    /// <summary>The area's views, jobs and runner.</summary>
    /// <exception cref="ValidationException">An option is missing or out of range.</exception>
    public static IServiceCollection AddModels(this IServiceCollection services, ModelsOptions options, JobRunnerOptions runner)
    {
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        return services
            .AddView<ModelView, ModelRow>()
            .AddView<DecisionView, DecisionRow>()
            .AddSingleton(options)
            .AddSingleton<PolicyFile>()
            .AddHostedService<PolicyStart>()
            .AddSingleton<ModelsJobs>()
            .AddExecutor<EvaluationExecutor>()
            .AddJobRunner(p => p.GetRequiredService<ModelsJobs>().Queue, p => [p.GetRequiredService<EvaluationExecutor>()], runner);
    }

    /// <summary>Statements that create the area's own tables.</summary>
    public static IEnumerable<string> CreateSql(IServiceProvider services) => [services.GetRequiredService<ModelsJobs>().Queue.CreateSql, DecisionView.IndexSql];

    /// <summary>The area's REST.</summary>
    public static void MapModels(this IEndpointRouteBuilder api) => api.InArea(Schema).MapModelResources();

    /// <summary>A host with an unusable policy says so at its start, not at the first promotion.</summary>
    private sealed class PolicyStart(PolicyFile policy) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => policy.ReadAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
