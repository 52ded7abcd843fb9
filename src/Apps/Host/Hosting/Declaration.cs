using EventMl.Bus;
using EventMl.Datasets;
using EventMl.EventStore;
using EventMl.Models;
using EventMl.Serving;
using EventMl.Training;
using Npgsql;

namespace EventMl.Host.Hosting;

/// <summary>Sets up tables, roles, exchanges and queues of every area, before any host works; safe to run again.</summary>
public static class Declaration
{
    /// <summary>Declares everything the settings' servers need.</summary>
    public static async Task RunAsync(HostSettings settings, CancellationToken cancellationToken)
    {
        settings = settings with { Areas = new HashSet<string>(HostAreas.All, StringComparer.Ordinal) };
        var services = new ServiceCollection();
        services.AddLogging();
        PlatformHost.AddAreas(services, settings);
        await using var provider = services.BuildServiceProvider();
        var dataSource = provider.GetRequiredService<NpgsqlDataSource>();
        await LedgerSchema.DeclareAsync(
            dataSource, settings.Ledger, provider.GetServices<IInlineView>(),
            [DatasetsModule.Owner, TrainingModule.Owner, ModelsModule.Owner, ServingModule.Owner], cancellationToken);
        await BusSchema.DeclareAsync(dataSource, provider.GetRequiredService<BusRegistrations>().Areas, cancellationToken);
        foreach (var sql in DatasetsModule.CreateSql(provider).Concat(TrainingModule.CreateSql(provider)).Concat(ServingModule.CreateSql(provider)))
        {
            await using var create = dataSource.CreateCommand(sql);
            await create.ExecuteNonQueryAsync(cancellationToken);
        }

        await ModelsModule.DeclareAsync(dataSource, cancellationToken);
        await BusSetup.DeclareAsync(
            settings.Bus, bus => PlatformHost.Register(bus, settings.Areas), [typeof(Contracts.Ids).Assembly], cancellationToken: cancellationToken);
    }
}
