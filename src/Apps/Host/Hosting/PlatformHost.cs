using EventMl.Audit;
using EventMl.Bus;
using EventMl.Datasets;
using EventMl.EventStore;
using EventMl.Lake;
using EventMl.Models;
using EventMl.Sagas;
using EventMl.Serving;
using EventMl.Training;
using EventMl.Web;

namespace EventMl.Host.Hosting;

/// <summary>Puts the chosen areas into one process.</summary>
public static class PlatformHost
{
    /// <summary>A host for the settings, not started yet.</summary>
    public static WebApplication Build(HostSettings settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.AddEventMlWeb(new WebOptions { Urls = settings.Urls.Split(';'), ServiceName = $"eventml-{string.Join('-', settings.Areas.Order(StringComparer.Ordinal))}" });
        AddAreas(builder.Services, settings);
        var app = builder.Build();
        app.UseEventMlWeb();
        Map(app, settings);
        return app;
    }

    /// <summary>Registers the foundation and the chosen areas.</summary>
    public static void AddAreas(IServiceCollection services, HostSettings settings)
    {
        if (settings.Areas.SetEquals([HostAreas.Gateway]))
        {
            services.AddSingleton(new Gateway(settings.Routes));
            return;
        }

        services.AddLedger(settings.Ledger);
        services.AddLedgerLeader();
        services.AddSingleton(new LakeStore(settings.Lake));
        services.AddScripts(settings.Scripts, typeof(PlatformHost).Assembly.Location);
        services.AddEventMlBus(settings.Bus, bus => Register(bus, settings.Areas));
        if (settings.Areas.Contains(HostAreas.Datasets))
        {
            services.AddDatasets(settings.Jobs);
        }

        if (settings.Areas.Contains(HostAreas.Training))
        {
            services.AddTraining(settings.Jobs);
        }

        if (settings.Areas.Contains(HostAreas.Models))
        {
            services.AddModels(new ModelsOptions { PolicyPath = settings.PolicyPath }).AddModelsRunner(settings.Jobs);
        }

        if (settings.Areas.Contains(HostAreas.Audit))
        {
            services.AddAudit();
        }

        if (settings.Areas.Contains(HostAreas.Serving))
        {
            services.AddServing(settings.Jobs);
        }
    }

    /// <summary>The commands and sagas of the areas.</summary>
    public static void Register(BusRegistrations bus, IReadOnlySet<string> areas)
    {
        if (areas.Contains(HostAreas.Datasets))
        {
            bus.AddDatasetsCommands();
        }

        if (areas.Contains(HostAreas.Training))
        {
            bus.AddTrainingCommands();
        }

        if (areas.Contains(HostAreas.Models))
        {
            bus.AddModelsCommands();
        }

        if (areas.Contains(HostAreas.Serving))
        {
            bus.AddServingCommands();
        }

        if (areas.Contains(HostAreas.Sagas))
        {
            bus.AddPlatformSagas();
        }
    }

    private static void Map(WebApplication app, HostSettings settings)
    {
        if (settings.Areas.Contains(HostAreas.Gateway))
        {
            app.Services.GetRequiredService<Gateway>().Map(app);
            return;
        }

        var api = app.MapGroup("/api/v1");
        if (settings.Areas.Contains(HostAreas.Datasets))
        {
            api.MapDatasets();
        }

        if (settings.Areas.Contains(HostAreas.Training))
        {
            api.MapTraining();
        }

        if (settings.Areas.Contains(HostAreas.Models))
        {
            app.MapModels();
        }

        if (settings.Areas.Contains(HostAreas.Serving))
        {
            api.MapServing();
        }

        if (settings.Areas.Contains(HostAreas.Audit))
        {
            app.MapAudit();
        }
    }
}
