using EventMl.Bus;
using EventMl.Contracts;
using EventMl.EventStore;
using EventMl.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EventMl.Bench;

/// <summary>A database and a virtual host of a bench's own, declared, for the hosts it builds.</summary>
internal sealed class BusRig : IAsyncDisposable
{
    /// <summary>Area of the bench: its inbox and its streams.</summary>
    public const string Area = "bench";

    private readonly Action<BusRegistrations> _register;

    private BusRig(TestDatabase database, TestBroker broker, Action<BusRegistrations> register) => (Database, Broker, _register) = (database, broker, register);

    public TestDatabase Database { get; }

    public TestBroker Broker { get; }

    public BusOptions Bus => new() { Address = Broker.Address.ToString() };

    public LedgerOptions Ledger => new() { ConnectionString = Database.ConnectionString };

    public static async Task<BusRig> CreateAsync(Action<BusRegistrations> register)
    {
        var rig = new BusRig(await TestDatabase.CreateAsync(), await TestBroker.CreateAsync(), register);
        await LedgerSchema.DeclareAsync(rig.Database.DataSource, rig.Ledger, [], []);
        await BusSchema.DeclareAsync(rig.Database.DataSource, [Area, BusSchema.Sagas]);
        await BusSetup.DeclareAsync(rig.Bus, register, [typeof(Ids).Assembly]);
        return rig;
    }

    /// <summary>Starts a host that consumes what was registered and leads the ledger.</summary>
    public Task<IHost> LeadAsync(Action<IServiceCollection>? more = null) => StartAsync(_register, services =>
    {
        services.AddLedgerLeader();
        more?.Invoke(services);
    });

    /// <summary>Starts a host that only consumes.</summary>
    public Task<IHost> ConsumeAsync() => StartAsync(_register, null);

    /// <summary>Starts a host that only sends, signed as the platform's own.</summary>
    public Task<IHost> SendAsync(Action<IServiceCollection>? more = null) => StartAsync(_ => { }, more);

    public async ValueTask DisposeAsync()
    {
        await Broker.DisposeAsync();
        await Database.DisposeAsync();
    }

    private async Task<IHost> StartAsync(Action<BusRegistrations> register, Action<IServiceCollection>? more)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        more?.Invoke(builder.Services);
        builder.Services.AddLedger(Ledger);
        builder.Services.AddEventMlBus(Bus, register);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
