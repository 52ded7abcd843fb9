using EventMl.Bus;
using EventMl.EventStore;
using EventMl.Lake;
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
        if (!settings.Areas.Contains(HostAreas.Gateway))
        {
            builder.Services.AddSingleton(settings).AddHostedService<ListenGuard>();
        }

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

        services.AddSingleton(settings.Access);
        services.AddSingleton(settings.Sources);
        services.AddLedger(settings.Ledger);
        services.AddLedgerLeader();
        services.AddLake(settings);
        services.AddScripts(settings.Scripts, typeof(PlatformHost).Assembly.Location);
        services.AddEventMlBus(settings.Bus, bus => Register(bus, settings.Areas));
        foreach (var area in Area.Of(settings.Areas))
        {
            area.Add(services, settings);
        }
    }

    /// <summary>The commands and sagas of the areas.</summary>
    public static void Register(BusRegistrations bus, IReadOnlySet<string> areas)
    {
        foreach (var area in Area.Of(areas))
        {
            area.Register(bus);
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
        foreach (var area in Area.Of(settings.Areas))
        {
            area.Map(api);
        }
    }
}
