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
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EventMl.Models;

/// <summary>Wiring of the models area.</summary>
public static class ModelsModule
{
    /// <summary>Name of the area and schema of its tables.</summary>
    public const string Schema = "models";

    internal const string DecisionCategory = "decision";

    /// <summary>The categories that only this area's database role appends to.</summary>
    public static CategoryOwner Owner { get; } = new(Schema, "model", DecisionCategory, "model_refusal");

    /// <summary>Adds what doors need: views, policy, the job queue.</summary>
    /// <exception cref="ValidationException">An option is missing or out of range.</exception>
    public static IServiceCollection AddModels(this IServiceCollection services, ModelsOptions options)
    {
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        services.AddSingleton(options);
        services.AddSingleton<PolicyFile>();
        services.TryAddSingleton<ModelsJobs>();
        services.AddHostedService<PolicyStart>();
        return services.AddView<ModelView, ModelRow>().AddView<DecisionView, DecisionRow>();
    }

    /// <summary>Adds the runner of evaluations; needs a lake and scripts.</summary>
    public static IServiceCollection AddModelsRunner(this IServiceCollection services, JobRunnerOptions options)
    {
        services.AddExecutor<EvaluationExecutor>();
        // AddHostedService keeps one of a type, and every area has a runner of this type.
        return services.AddSingleton<IHostedService>(p => new JobRunner(
            p.GetRequiredService<ModelsJobs>().Queue, [p.GetRequiredService<EvaluationExecutor>()], options, p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<JobRunner>>()));
    }

    /// <summary>Puts the area's commands on the bus.</summary>
    public static BusRegistrations AddModelsCommands(this BusRegistrations bus) => bus
        .AddCommand<RegisterModel, RegisterModelHandler>(Schema, "model")
        .AddCommand<EvaluateModel, EvaluateModelHandler>(Schema, "model")
        .AddCommand<PromoteModel, PromoteModelHandler>(Schema, "model")
        .AddCommand<DeleteModel, DeleteModelHandler>(Schema, "model");

    /// <summary>Maps <c>/api/v1/models</c>.</summary>
    public static IEndpointRouteBuilder MapModels(this IEndpointRouteBuilder app) => ModelEndpoints.Map(app);

    /// <summary>Creates the job table when missing; after <see cref="LedgerSchema.DeclareAsync"/>, which makes schema and views.</summary>
    public static async Task DeclareAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken = default)
    {
        await using var create = dataSource.CreateCommand(new ModelsJobs(dataSource).Queue.CreateSql);
        await create.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>A host with an unusable policy says so at its start, not at the first promotion.</summary>
    private sealed class PolicyStart(PolicyFile policy) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => policy.ReadAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
