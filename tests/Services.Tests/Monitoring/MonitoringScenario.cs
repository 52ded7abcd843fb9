using System.Collections.Concurrent;
using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.EventStore;
using EventMl.Monitoring;
using EventMl.Services.Tests.Platform;
using EventMl.Testing;
using EventMl.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace EventMl.Services.Tests.Monitoring;

/// <summary>What the receivers of a scenario do and have done.</summary>
internal sealed class Receiver
{
    public volatile bool Broken = true;

    public ConcurrentQueue<(string TaskId, string Actor, Guid? MessageId)> Handled { get; } = [];

    public ConcurrentQueue<string> Heard { get; } = [];
}

internal sealed class RunTrainingHandler(Receiver receiver) : ICommandHandler<RunTraining>
{
    public Task<CommandResult> HandleAsync(RunTraining command, CommandContext context, CancellationToken cancellationToken)
    {
        if (receiver.Broken)
        {
            throw new InvalidOperationException($"Task '{command.TaskId}' hit a defect.");
        }

        receiver.Handled.Enqueue((command.TaskId, context.Metadata.Actor, context.MessageId));
        return Task.FromResult(CommandResult.Accepted());
    }

    public object? Reject(RunTraining command, Refusal refusal, CommandContext context) => null;
}

internal sealed class TrainingRejectedHandler(Receiver receiver) : IEventHandler<TrainingRejected>
{
    public Task HandleAsync(TrainingRejected @event, ObserverContext context, CancellationToken cancellationToken)
    {
        receiver.Heard.Enqueue(@event.Message);
        return Task.CompletedTask;
    }
}

/// <summary>A database and a virtual host of the scenario's own, with as many processes on them as a test wants.</summary>
internal sealed class MonitoringScenario : IAsyncDisposable
{
    public const string Queue = "training-run-training";
    public const string Exchange = "eventml.training.run-training";
    private readonly List<WebApplication> _hosts = [];
    private readonly List<IConnection> _connections = [];
    private RestClient? _rest;

    public required TestDatabase Database { get; init; }

    public required TestBroker Broker { get; init; }

    public Receiver Receiver { get; } = new();

    public RestClient Rest => _rest!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public bool Quorum { get; init; }

    private BusOptions Options => new() { Quorum = Quorum, Address = Broker.Address.ToString(), RetryInterval = TimeSpan.FromMilliseconds(5), DeadLetterScanInterval = TimeSpan.FromMilliseconds(100), DispatchClaimTime = TimeSpan.FromSeconds(2) };

    /// <summary>Declared and empty, with one process that does everything.</summary>
    public static async Task<MonitoringScenario> StartedAsync(bool quorum = false)
    {
        var scenario = await CreateAsync(quorum);
        await scenario.StartAsync();
        return scenario;
    }

    public static async Task<MonitoringScenario> CreateAsync(bool quorum = false)
    {
        var scenario = new MonitoringScenario { Quorum = quorum, Database = await TestDatabase.CreateAsync(), Broker = await TestBroker.CreateAsync() };
        await LedgerSchema.DeclareAsync(scenario.Database.DataSource, new LedgerOptions(), [], [MonitoringModule.Owner], Cancel);
        await BusSchema.DeclareAsync(scenario.Database.DataSource, ["training", "watching", MonitoringModule.Schema], Cancel);
        foreach (var sql in MonitoringModule.CreateSql(new ServiceCollection().BuildServiceProvider()))
        {
            await scenario.Database.ExecuteAsync(sql, Cancel);
        }

        await BusSetup.DeclareAsync(scenario.Options, RegisterAll, [typeof(Ids).Assembly], Cancel);
        return scenario;
    }

    public async Task<WebApplication> StartAsync(Action<BusRegistrations>? register = null, Action<IServiceCollection>? change = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.AddEventMlWeb(new WebOptions { Urls = ["http://127.0.0.1:0"] });
        builder.Logging.SetMinimumLevel(Environment.GetEnvironmentVariable("EVENTML_TEST_LOG") is { } level ? Enum.Parse<LogLevel>(level) : LogLevel.None);
        builder.Services.AddSingleton(Receiver);
        builder.Services.AddLedger(new LedgerOptions { ConnectionString = Database.ConnectionString });
        builder.Services.AddLedgerLeader();
        builder.Services.AddEventMlBus(Options, register ?? RegisterAll);
        builder.Services.AddMonitoring();
        change?.Invoke(builder.Services);
        var app = builder.Build();
        app.UseEventMlWeb();
        app.MapGroup("/api/v1").MapMonitoring();
        await app.StartAsync(Cancel);
        _hosts.Add(app);
        _rest ??= new RestClient(new Uri(app.Urls.First()));
        return app;
    }

    public async Task StopAsync(WebApplication host)
    {
        _hosts.Remove(host);
        _rest?.Dispose();
        _rest = null;
        await host.StopAsync(Cancel);
        await host.DisposeAsync();
    }

    public static void RegisterAll(BusRegistrations bus)
    {
        bus.AddMonitoringCommands();
        bus.AddCommand<RunTraining, RunTrainingHandler>("training", Role.Admin);
        bus.AddObserver<TrainingRejected, TrainingRejectedHandler>("watching");
    }

    /// <summary>A channel that confirms, of the platform's own user or of another.</summary>
    public async Task<IChannel> ConnectAsync(Uri? address = null)
    {
        var connection = await new ConnectionFactory { Uri = address ?? Broker.Address }.CreateConnectionAsync(Cancel);
        _connections.Add(connection);
        return await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), Cancel);
    }

    public static ValueTask PublishAsync(IChannel channel, ReadOnlyMemory<byte> body, BasicProperties properties, string exchange = Exchange, string queue = "") =>
        channel.BasicPublishAsync(exchange, queue, mandatory: true, properties, body, Cancel);

    /// <summary>Fails one command for each id and waits until it is listed.</summary>
    public async Task<string[]> FailAsync(params string[] tasks)
    {
        var channel = await ConnectAsync();
        var before = (await ListAsync("?limit=1000")).Length;
        foreach (var task in tasks)
        {
            await PublishAsync(channel, Json(task), new BasicProperties { ContentType = "application/json", MessageId = Ids.New().ToString("D") });
        }

        await UntilListedAsync(before + tasks.Length);
        var ids = new List<string>();
        foreach (var task in tasks)
        {
            ids.Add(Ids.Named("fail", await Database.ScalarAsync<Guid>($"select id from monitoring.failure where convert_from(body, 'UTF8') like '%\"{task}\"%'", Cancel)));
        }

        return [.. ids];
    }

    public static byte[] Json(string task) => System.Text.Encoding.UTF8.GetBytes($$"""{"taskId":"{{task}}"}""");

    public async Task<System.Text.Json.JsonElement[]> ListAsync(string query = "") => [.. (await Rest.GetAsync($"/api/v1/failures{query}")).Json.EnumerateArray()];

    public Task UntilListedAsync(int count, string query = "?limit=1000") => Eventually.TrueAsync(async () => (await ListAsync(query)).Length >= count, $"{count} failures at {query}");

    public Task<System.Text.Json.JsonElement> UntilStateAsync(string id, string state) => Rest.UntilAsync($"/api/v1/failures/{id}", f => f.Text("state") == state);

    public async Task<object?[]> DecisionsAsync(string id) => [.. (await _hosts[0].Services.GetRequiredService<Ledger>().ReadStreamAsync($"failure-{id}", 1, Cancel)).Select(e => e.Data)];

    public async ValueTask DisposeAsync()
    {
        _rest?.Dispose();
        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }

        foreach (var host in _hosts)
        {
            await host.StopAsync(CancellationToken.None);
            await host.DisposeAsync();
        }

        await Broker.DisposeAsync();
        await Database.DisposeAsync();
    }
}
