using EventMl.Access;
using EventMl.Audit;
using EventMl.Bus;
using EventMl.Datasets;
using EventMl.EventStore;
using EventMl.Models;
using EventMl.Monitoring;
using EventMl.Sagas;
using EventMl.Serving;
using EventMl.Training;

namespace EventMl.Host.Hosting;

/// <summary>What a host does for one area; the verbs are those of the area's module.</summary>
internal sealed record Area(string Name)
{
    public Action<BusRegistrations> Register { get; private init; } = _ => { };

    public Action<IServiceCollection, HostSettings> Add { get; private init; } = (_, _) => { };

    public Action<IEndpointRouteBuilder> Map { get; private init; } = _ => { };

    public CategoryOwner? Owner { get; private init; }

    public Func<IServiceProvider, IEnumerable<string>> CreateSql { get; private init; } = _ => [];

    /// <summary>The areas of a set, in a fixed order.</summary>
    public static IEnumerable<Area> Of(IReadOnlySet<string> names) => All.Where(a => names.Contains(a.Name));

    public static IReadOnlyList<Area> All { get; } =
    [
        new(HostAreas.Datasets)
        {
            Register = bus => bus.AddDatasetsCommands(),
            Add = (services, settings) => services.AddDatasets(settings.Jobs),
            Map = api => api.MapDatasets(),
            Owner = DatasetsModule.Owner,
            CreateSql = DatasetsModule.CreateSql,
        },
        new(HostAreas.Training)
        {
            Register = bus => bus.AddTrainingCommands(),
            Add = (services, settings) => services.AddTraining(settings.Jobs),
            Map = api => api.MapTraining(),
            Owner = TrainingModule.Owner,
            CreateSql = TrainingModule.CreateSql,
        },
        new(HostAreas.Models)
        {
            Register = bus => bus.AddModelsCommands(),
            Add = (services, settings) => services.AddModels(new ModelsOptions { PolicyPath = settings.PolicyPath }, settings.Jobs),
            Map = api => api.MapModels(),
            Owner = ModelsModule.Owner,
            CreateSql = ModelsModule.CreateSql,
        },
        new(HostAreas.Serving)
        {
            Register = bus => bus.AddServingCommands(),
            Add = (services, settings) => services.AddServing(settings.Jobs),
            Map = api => api.MapServing(),
            Owner = ServingModule.Owner,
            CreateSql = ServingModule.CreateSql,
        },
        new(HostAreas.Audit)
        {
            Add = (services, settings) => services.AddAudit(settings.Notary),
            Map = api => api.MapAudit(),
            Owner = AuditModule.Owner,
        },
        new(HostAreas.Monitoring)
        {
            Register = bus => bus.AddMonitoringCommands(),
            Add = (services, _) => services.AddMonitoring(),
            Map = api => api.MapMonitoring(),
            Owner = MonitoringModule.Owner,
            CreateSql = MonitoringModule.CreateSql,
        },
        new(HostAreas.Access)
        {
            Register = bus => bus.AddAccessCommands(),
            Add = (services, _) => services.AddAccess(),
            Map = api => api.MapAccess(),
            Owner = AccessModule.Owner,
        },
        new(HostAreas.Sagas)
        {
            Register = bus => bus.AddPlatformSagas(),
        },
    ];
}
