using EventMl.Lake;
using EventMl.Lake.S3;
using EventMl.Tasks;
using Npgsql;

namespace EventMl.Host.Hosting;

/// <summary>The lake where the settings say: a local folder, or an object store that is probed when the first one needs it, which is at the start.</summary>
internal static class HostLake
{
    public static void AddLake(this IServiceCollection services, HostSettings settings)
    {
        if (settings.LakeStore is not { } options)
        {
            services.AddSingleton(new LakeStore(settings.Lake));
            return;
        }

        services.AddSingleton(p => new LakeCommitRows(p.GetRequiredService<NpgsqlDataSource>()));
        // Containers build their services without waiting; nothing else runs yet that this could hold up.
        services.AddSingleton<ILakeStorage>(p => S3Storage.ConnectAsync(options, p.GetRequiredService<LakeCommitRows>()).GetAwaiter().GetResult());
        services.AddSingleton(p => new LakeStore(settings.Lake, p.GetRequiredService<ILakeStorage>()));
        services.AddHostedService<LakeStart>();
    }

    /// <summary>Makes the table of commits, which stores without conditional PUT need, and asks the store whether it can be used.</summary>
    /// <exception cref="LakeException">The store cannot be used.</exception>
    public static async Task DeclareAsync(HostSettings settings, NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        var rows = new LakeCommitRows(dataSource);
        await rows.CreateAsync(cancellationToken);
        if (settings.LakeStore is { } options)
        {
            (await S3Storage.ConnectAsync(options, rows, ct: cancellationToken)).Dispose();
        }
    }

    // Asks for the lake before anything is served, so that a host without one ends with the reason.
    private sealed class LakeStart(ILakeStorage storage, ILogger<LakeStart> logger) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            logger.LogInformation("The lake is {Place}; commits are decided by {Decider}", storage.Name, ((S3Storage)storage).HasConditionalPut ? "the store" : "the database");
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
