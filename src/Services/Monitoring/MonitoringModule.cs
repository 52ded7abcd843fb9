using EventMl.Bus;
using EventMl.Contracts.Monitoring;
using EventMl.EventStore;
using EventMl.Monitoring.Collecting;
using EventMl.Monitoring.Redriving;
using EventMl.Monitoring.Viewing;
using EventMl.Web;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace EventMl.Monitoring;

/// <summary>The monitoring area: failed messages, their causes and their way back.</summary>
public static class MonitoringModule
{
    /// <summary>Name of the area and of its schema.</summary>
    public const string Schema = "monitoring";

    /// <summary>Categories that only this area appends to.</summary>
    public static CategoryOwner Owner { get; } = new(Schema, Failure.Category, $"{Failure.Category}_refusal");

    /// <summary>The area's commands on the bus.</summary>
    public static void AddMonitoringCommands(this BusRegistrations bus) => bus
        .AddCommand<RetryFailure, RetryFailureHandler>(Schema, Role.Developer, Failure.Category)
        .AddCommand<RetryFailures, RetryFailuresHandler>(Schema, Role.Developer, Failure.Category)
        .AddCommand<DiscardFailure, DiscardFailureHandler>(Schema, Role.Developer, Failure.Category)
        .AddCommand<DiscardFailures, DiscardFailuresHandler>(Schema, Role.Developer, Failure.Category);

    /// <summary>Collects dead letters and sends again what people decide to.</summary>
    public static IServiceCollection AddMonitoring(this IServiceCollection services) => services
        .AddDeadLetterCollector<FailureStore>()
        .AddSingleton<FailureReader>()
        .AddSingleton<RedriveSignal>()
        .AddHostedService<RedriveDispatcher>()
        .AddHostedService<ResolutionWatcher>();

    /// <summary>Statements that create the area's own tables.</summary>
    public static IEnumerable<string> CreateSql(IServiceProvider services) => [FailureTable.CreateSql];

    /// <summary>The area's REST.</summary>
    public static void MapMonitoring(this IEndpointRouteBuilder api) => api.InArea(Schema).MapFailures();

    /// <summary>What the platform itself writes about a failure belongs to the failure's own story.</summary>
    internal static EventMetadata Automatic(FailureRow row) => new($"worker:{Schema}", Doors.Worker, row.FailureId, row.FailureId, null);
}
