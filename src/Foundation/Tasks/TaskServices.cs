using EventMl.Jobs;
using EventMl.Tasks;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers tasks.</summary>
public static class TaskServices
{
    /// <summary>Adds an executor; needs a ledger, a lake and scripts.</summary>
    public static IServiceCollection AddExecutor<TExecutor>(this IServiceCollection services)
        where TExecutor : class, IJobExecutor
    {
        services.TryAddSingleton<TaskTools>();
        return services.AddSingleton<TExecutor>();
    }
}
