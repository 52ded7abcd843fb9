using EventMl.Jobs;
using EventMl.Jobs.Scripts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers jobs and scripts.</summary>
public static class JobServices
{
    /// <summary>Adds what executors of tasks need: allowed folders, interpreters, the child process, task folders.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="options">Where scripts and inputs may come from.</param>
    /// <param name="builtInAssembly">Assembly that does built-in jobs.</param>
    public static IServiceCollection AddScripts(this IServiceCollection services, ScriptOptions options, string builtInAssembly)
    {
        services.AddSingleton(options);
        services.AddSingleton<ScriptFinder>();
        services.AddSingleton<GitScripts>();
        services.AddSingleton<ScriptCompiler>();
        services.AddSingleton<ScriptCommandFactory>();
        services.AddSingleton<ScriptProcess>();
        services.AddSingleton(p => new TaskCommands(p.GetRequiredService<ScriptFinder>(), p.GetRequiredService<GitScripts>(), p.GetRequiredService<ScriptCommandFactory>(), options.Limits, builtInAssembly));
        services.AddSingleton(new TaskFolders(options.StatePath));
        return services;
    }

    /// <summary>Adds the runner of one area's jobs.</summary>
    public static IServiceCollection AddJobRunner(
        this IServiceCollection services, Func<IServiceProvider, JobQueue> queue, Func<IServiceProvider, IEnumerable<IJobExecutor>> executors, JobRunnerOptions options) =>
        services.AddSingleton<IHostedService>(p => new JobRunner(
            queue(p), executors(p), options, p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<JobRunner>>()));
}
