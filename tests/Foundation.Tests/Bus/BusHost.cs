using EventMl.Bus;
using EventMl.Contracts.Training;
using EventMl.EventStore;
using EventMl.Testing;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EventMl.Foundation.Tests.Bus;

/// <summary>A process on the bus: ledger, relay, doors, a saga.</summary>
internal sealed class BusHost : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly IHost _host;

    private BusHost(IHost host) => _host = host;

    public IServiceProvider Services => _host.Services;

    public CommandDoor Door => Services.GetRequiredService<CommandDoor>();

    public Ledger Ledger => Services.GetRequiredService<Ledger>();

    public IBus Bus => Services.GetRequiredService<IBus>();

    public Seen Seen => Services.GetRequiredService<Seen>();

    public static BusOptions Options(string transport, Uri? broker) =>
        new() { Transport = transport, Address = broker?.ToString() ?? "", RetryInterval = TimeSpan.FromMilliseconds(5), ConcurrencyLimit = 8 };

    public static void Register(BusRegistrations bus)
    {
        RegisterWithoutRunner(bus);
        bus.AddCommand<RunTraining, RunTrainingHandler>("training", Role.Admin);
    }

    /// <summary>Who requests and who coordinates, without those who are told.</summary>
    public static void RegisterWithoutListeners(BusRegistrations bus)
    {
        bus.AddCommand<RequestTraining, RequestTrainingHandler>("training", Role.Developer, "training_task");
        bus.AddSaga<ProbeStateMachine, ProbeState>("probe");
    }

    /// <summary>Everything but who listens for <see cref="RunTraining"/>.</summary>
    public static void RegisterWithoutRunner(BusRegistrations bus)
    {
        bus.AddCommand<RequestTraining, RequestTrainingHandler>("training", Role.Developer, "training_task");
        bus.AddObserver<TrainingRequested, Watcher<TrainingRequested>>("watching");
        bus.AddObserver<TrainingRejected, Watcher<TrainingRejected>>("watching");
        bus.AddSaga<ProbeStateMachine, ProbeState>("probe");
    }

    public static async Task DeclareAsync(NpgsqlDataSource dataSource)
    {
        await LedgerSchema.DeclareAsync(dataSource, new LedgerOptions(), [], []);
        await BusSchema.DeclareAsync(dataSource, ["training", "watching", "sagas"]);
    }

    public static async Task<BusHost> StartAsync(
        string connectionString, BusOptions options, bool dispatcher = true, Action<IServiceCollection>? change = null, Action<BusRegistrations>? register = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.AddSimpleConsole().SetMinimumLevel(Environment.GetEnvironmentVariable("EVENTML_TEST_LOG") is { } level ? Enum.Parse<LogLevel>(level) : LogLevel.None);
        builder.Services.AddSingleton<Seen>();
        builder.Services.AddLedger(new LedgerOptions { ConnectionString = connectionString });
        builder.Services.AddLedgerLeader();
        builder.Services.AddEventMlBus(options, register ?? Register);
        if (!dispatcher)
        {
            builder.Services.Remove(builder.Services.Single(s => s.ImplementationType?.Name == "OutboxDispatcher"));
        }

        change?.Invoke(builder.Services);
        var host = new BusHost(builder.Build());
        await host._host.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }

    public static async Task UntilAsync(Func<Task<bool>> condition, string what, TimeSpan? limit = null)
    {
        using var timeout = new CancellationTokenSource(limit ?? Limit);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await condition())
        {
            try
            {
                await tick.WaitForNextTickAsync(timeout.Token);
            }
            catch (OperationCanceledException e)
            {
                throw new TimeoutException($"Never happened: {what}", e);
            }
        }
    }

    public static Task UntilAsync(Func<bool> condition, string what) => UntilAsync(() => Task.FromResult(condition()), what);

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        await _host.StopAsync(limit.Token);
        _host.Dispose();
    }
}

/// <summary>A database and, on RabbitMQ, a virtual host of the scenario's own.</summary>
internal sealed class BusScenario : IAsyncDisposable
{
    private readonly List<BusHost> _hosts = [];

    private BusScenario(TestDatabase database, TestBroker? broker, BusOptions options)
    {
        Database = database;
        Broker = broker;
        Options = options;
    }

    public TestDatabase Database { get; }

    public TestBroker? Broker { get; }

    public BusOptions Options { get; }

    public static async Task<BusScenario> CreateAsync(string transport)
    {
        var database = await TestDatabase.CreateAsync();
        var broker = transport == "rabbitmq" ? await TestBroker.CreateAsync() : null;
        await BusHost.DeclareAsync(database.DataSource);
        var options = BusHost.Options(transport, broker?.Address);
        await BusSetup.DeclareAsync(options, BusHost.Register, [typeof(Contracts.Ids).Assembly], cancellationToken: TestContext.Current.CancellationToken);
        return new BusScenario(database, broker, options);
    }

    public async Task<BusHost> StartAsync(
        Func<BusOptions, BusOptions>? options = null, bool dispatcher = true, Action<IServiceCollection>? change = null, Action<BusRegistrations>? register = null)
    {
        var host = await BusHost.StartAsync(Database.ConnectionString, options?.Invoke(Options) ?? Options, dispatcher, change, register);
        _hosts.Add(host);
        return host;
    }

    public async Task StopAsync(BusHost host)
    {
        _hosts.Remove(host);
        await host.DisposeAsync();
    }

    public Task<long> CountAsync(string from) => Database.ScalarAsync<long>($"select count(*) from {from}");

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.DisposeAsync();
        }

        if (Broker is not null)
        {
            await Broker.DisposeAsync();
        }

        await Database.DisposeAsync();
    }
}
