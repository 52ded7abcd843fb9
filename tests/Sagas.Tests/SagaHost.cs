using System.Collections.Concurrent;
using System.Text.Json;
using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.Contracts.Models;
using EventMl.Contracts.Training;
using EventMl.EventStore;
using EventMl.Testing;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace EventMl.Sagas.Tests;

/// <summary>What the sagas have asked for.</summary>
internal sealed class Asked
{
    private readonly ConcurrentQueue<object> _commands = [];

    public T[] Of<T>() => [.. _commands.OfType<T>()];

    public void Add(object command) => _commands.Enqueue(command);
}

/// <summary>Takes a command instead of the area that would work on it.</summary>
internal sealed class Recorder<T>(Asked asked) : ICommandHandler<T>
    where T : class
{
    public Task<CommandResult> HandleAsync(T command, CommandContext context, CancellationToken cancellationToken)
    {
        asked.Add(command);
        return Task.FromResult(CommandResult.Accepted());
    }

    public object? Reject(T command, Refusal refusal, CommandContext context) => null;
}

/// <summary>The platform's sagas on a bus in memory and a database of their own; the areas only listen.</summary>
internal sealed class SagaHost : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly TestDatabase _database;
    private readonly TestBroker? _broker;
    private readonly IHost _host;

    private SagaHost(TestDatabase database, TestBroker? broker, IHost host) => (_database, _broker, _host) = (database, broker, host);

    public Asked Asked => _host.Services.GetRequiredService<Asked>();

    public static async Task<SagaHost> StartAsync(SagaOptions? options = null, string transport = "memory")
    {
        var database = await TestDatabase.CreateAsync();
        var broker = transport == "rabbitmq" ? await TestBroker.CreateAsync() : null;
        await LedgerSchema.DeclareAsync(database.DataSource, new LedgerOptions(), [], []);
        await BusSchema.DeclareAsync(database.DataSource, ["datasets", "training", "models", BusSchema.Sagas]);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton<Asked>();
        builder.Services.AddLedger(new LedgerOptions { ConnectionString = database.ConnectionString });
        builder.Services.AddLedgerLeader();
        var bus = new BusOptions { Transport = transport, Address = broker?.Address.ToString() ?? "", RetryInterval = TimeSpan.FromMilliseconds(5) };
        builder.Services.AddEventMlBus(bus, b => Register(b, options));
        await BusSetup.DeclareAsync(bus, b => Register(b, options), [typeof(Ids).Assembly], TestContext.Current.CancellationToken);
        var host = new SagaHost(database, broker, builder.Build());
        await host._host.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }

    public bool HasBroker => _broker is not null;

    public Task HearAsync(object @event) => _host.Services.GetRequiredService<IBus>().Publish(@event, @event.GetType(), TestContext.Current.CancellationToken);

    /// <summary>Puts an instance where its messages would have led it.</summary>
    public Task PlaceAsync<TState>(string kind, TState saga)
        where TState : SagaState => _database.ExecuteAsync(
        $"insert into sagas.saga values ('{kind}', '{saga.CorrelationId}', 0, '{saga.CurrentState}', '{JsonSerializer.Serialize(saga, LedgerJson.Options)}', now())");

    /// <summary>Messages in a queue, 0 when there is no such queue.</summary>
    public async Task<uint> CountInQueueAsync(string queue)
    {
        await using var connection = await new ConnectionFactory { Uri = _broker!.Address }.CreateConnectionAsync(TestContext.Current.CancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: TestContext.Current.CancellationToken);
        try
        {
            return await channel.MessageCountAsync(queue, TestContext.Current.CancellationToken);
        }
        catch (OperationInterruptedException)
        {
            return 0;
        }
    }

    public Task<string?> StateAsync(string taskId) => _database.ScalarAsync<string>($"select state from sagas.saga where id = '{SagaId.From(taskId)}'");

    public Task UntilStateAsync(string taskId, string state) => UntilAsync(async () => await StateAsync(taskId) == state, $"the saga is {state}");

    /// <summary>Waits until the saga has handled so many messages, whatever they did to it.</summary>
    public Task UntilHandledAsync(int messages) => UntilAsync(async () => await CountAsync("sagas.inbox") == messages, $"{messages} messages are handled");

    public Task UntilAskedAsync<T>(int times = 1) => UntilAsync(() => Task.FromResult(Asked.Of<T>().Length == times), $"{typeof(T).Name} is asked for {times} times");

    /// <summary>Messages that wait for their time.</summary>
    public Task<long> WaitingAsync() => CountAsync("sagas.outbox where name is not null");

    /// <summary>The same of sagas that are over.</summary>
    public Task<long> WaitingOfEndedAsync() => CountAsync("sagas.outbox join sagas.saga s on s.id = saga_id where name is not null and s.state in ('Done', 'Abandoned')");

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        await _host.StopAsync(limit.Token);
        _host.Dispose();
        await (_broker?.DisposeAsync() ?? ValueTask.CompletedTask);
        await _database.DisposeAsync();
    }

    private static void Register(BusRegistrations bus, SagaOptions? options)
    {
        bus.AddPlatformSagas(options);
        bus.AddCommand<RunIngestion, Recorder<RunIngestion>>("datasets", Role.Admin)
            .AddCommand<CancelIngestion, Recorder<CancelIngestion>>("datasets", Role.Developer)
            .AddCommand<RunTraining, Recorder<RunTraining>>("training", Role.Admin)
            .AddCommand<CancelTraining, Recorder<CancelTraining>>("training", Role.Developer)
            .AddCommand<CompleteTraining, Recorder<CompleteTraining>>("training", Role.Admin)
            .AddCommand<SettleTraining, Recorder<SettleTraining>>("training", Role.Admin)
            .AddCommand<RegisterModel, Recorder<RegisterModel>>("models", Role.Admin)
            .AddCommand<EvaluateModel, Recorder<EvaluateModel>>("models", Role.Developer)
            .AddCommand<PromoteModel, Recorder<PromoteModel>>("models", Role.Approver);
    }

    private Task<long> CountAsync(string from) => _database.ScalarAsync<long>($"select count(*) from {from}");

    public static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        var start = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            TimeProvider.System.GetElapsedTime(start).ShouldBeLessThan(Limit, what);
            await tick.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }
}
