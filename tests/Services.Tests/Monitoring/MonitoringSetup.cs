using EventMl.Bus;
using EventMl.Monitoring;
using Microsoft.Extensions.DependencyInjection;

namespace EventMl.Services.Tests.Monitoring;

/// <summary>Processes that lack a part.</summary>
internal static class MonitoringSetup
{
    /// <summary>Without who sends again what was decided to.</summary>
    public static void RemoveDispatcher(this IServiceCollection services) => services.Remove(services.Single(s => s.ImplementationType?.Name == "RedriveDispatcher"));

    /// <summary>Only the area's own commands.</summary>
    public static void AddMonitoringOnly(this BusRegistrations bus) => bus.AddMonitoringCommands();

    /// <summary>A further failure comes through, so that whatever came before it has been taken.</summary>
    public static async Task FailAsyncAfterwards(this MonitoringScenario scenario, string task)
    {
        scenario.Receiver.Broken = true;
        await scenario.FailAsync(task);
    }
}
