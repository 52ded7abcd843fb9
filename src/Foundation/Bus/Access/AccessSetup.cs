using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace EventMl.Bus;

/// <summary>What a process needs to tell who may do what.</summary>
internal static class AccessSetup
{
    /// <summary>Adds the directory with its follower, and the log of denials; an <see cref="AccessOptions"/> that was added before is used.</summary>
    /// <exception cref="ValidationException">An option is not allowed.</exception>
    public static IServiceCollection AddAccess(this IServiceCollection services)
    {
        services.TryAddSingleton(new AccessOptions());
        services.AddSingleton(p => new AccessDirectory(p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(p =>
        {
            var options = p.GetRequiredService<AccessOptions>();
            Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
            return new DenialLog(options, p.GetRequiredService<TimeProvider>());
        });
        services.AddHostedService<AccessFollower>();
        services.AddHostedService<DenialRecorder>();
        return services;
    }
}
