using EventMl.Bus;
using EventMl.EventStore;
using EventMl.EventStore.Proof;
using Npgsql;

namespace EventMl.Host.Hosting;

/// <summary>Sets up tables, roles, exchanges and queues of every area, before any host works; safe to run again.</summary>
public static class Declaration
{
    /// <summary>Declares everything the settings' servers need.</summary>
    public static async Task RunAsync(HostSettings settings, CancellationToken cancellationToken)
    {
        // Made before anything can be sealed, so that whoever watches over the key finds it.
        LedgerKey.OpenOrCreate(settings.Notary.KeyPath).Dispose();
        settings = settings with { Areas = new HashSet<string>(HostAreas.All, StringComparer.Ordinal) };
        var services = new ServiceCollection();
        services.AddLogging();
        PlatformHost.AddAreas(services, settings);
        await using var provider = services.BuildServiceProvider();
        var dataSource = provider.GetRequiredService<NpgsqlDataSource>();
        await LedgerSchema.DeclareAsync(
            dataSource, settings.Ledger, provider.GetServices<IInlineView>(),
            [.. Area.All.Select(a => a.Owner).OfType<CategoryOwner>()], cancellationToken);
        await BusSchema.DeclareAsync(dataSource, provider.GetRequiredService<BusRegistrations>().Areas, cancellationToken);
        await provider.GetRequiredService<QueueDirectory>().AddAsync(provider.GetRequiredService<BusRegistrations>(), cancellationToken);
        await HostLake.DeclareAsync(settings, dataSource, cancellationToken);
        foreach (var sql in Area.All.SelectMany(a => a.CreateSql(provider)))
        {
            await using var create = dataSource.CreateCommand(sql);
            await create.ExecuteNonQueryAsync(cancellationToken);
        }

        await BusSetup.DeclareAsync(
            settings.Bus, bus => PlatformHost.Register(bus, settings.Areas), [typeof(Contracts.Ids).Assembly], cancellationToken: cancellationToken);
    }
}
