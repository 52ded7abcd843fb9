using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.EventStore;
using EventMl.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace EventMl.Bench;

/// <summary>
/// How long an event takes from its append until its observer has it. Beside it, in turn, what nobody can do without: a bare persistent
/// publish → consume on the same broker, and a bare commit on the same database, which an ordered ledger needs twice (the event, its position).
/// </summary>
internal static class BusLatency
{
    private const int Messages = 2000;
    private const int WarmUp = 200;
    private const double Goal = 2;
    private const int CommitsNeeded = 2;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);
    private static readonly EventMetadata Metadata = new("bench", "bench", "bench", "bench", null);

    public static async Task RunAsync(Action<string> say)
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var broker = await TestBroker.CreateAsync();
        var options = new BusOptions { Address = broker.Address.ToString() };
        var ledgerOptions = new LedgerOptions { ConnectionString = database.ConnectionString };
        await LedgerSchema.DeclareAsync(database.DataSource, ledgerOptions, [], []);
        await BusSchema.DeclareAsync(database.DataSource, [Area]);
        await BusSetup.DeclareAsync(options, Register, [typeof(Ids).Assembly]);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        var events = new Stopwatches();
        builder.Services.AddSingleton(events);
        builder.Services.AddLedger(ledgerOptions).AddLedgerLeader();
        builder.Services.AddEventMlBus(options, Register);
        using var host = builder.Build();
        await host.StartAsync();
        await using var raw = await RawQueue.OpenAsync(broker.Address);
        var ledger = host.Services.GetRequiredService<Ledger>();
        var commits = await BareCommits.CreateAsync(database.DataSource);
        await SendAsync(WarmUp, i => AppendAsync(ledger, events, -1 - i), i => raw.PublishAsync(-1 - i), i => commits.CommitAsync(-1 - i));
        await Task.WhenAll(events.AllAsync(WarmUp), raw.Times.AllAsync(WarmUp)).WaitAsync(Limit);
        events.Clear();
        raw.Times.Clear();
        commits.Times.Clear();

        await SendAsync(Messages, i => AppendAsync(ledger, events, i), raw.PublishAsync, commits.CommitAsync);
        await Task.WhenAll(events.AllAsync(Messages), raw.Times.AllAsync(Messages)).WaitAsync(Limit);

        var (p50, p99) = (events.Percentile(0.5), events.Percentile(0.99));
        var (rawP50, rawP99) = (raw.Times.Percentile(0.5), raw.Times.Percentile(0.99));
        var commit = commits.Times.Percentile(0.5);
        var ratio = p50 / (rawP50 + (CommitsNeeded * commit));
        say(string.Create(
            CultureInfo.InvariantCulture,
            $"bench bus.latency p50={p50:F2} p99={p99:F2} raw_p50={rawP50:F2} raw_p99={rawP99:F2} commit_p50={commit:F2} ratio={ratio:F2} goal={Goal} {(ratio <= Goal ? "ok" : "short")}"));
        await host.StopAsync();
    }

    private const string Area = "bench";

    private static void Register(BusRegistrations bus) => bus.AddObserver<TrainingRejected, Receiver>(Area);

    /// <summary>One of each in turn, at an even pace whether or not the last has arrived.</summary>
    private static async Task SendAsync(int count, params Func<int, Task>[] sides)
    {
        var sent = new List<Task>();
        using var timer = new PeriodicTimer(Pace);
        for (var i = 0; i < count; i++)
        {
            foreach (var side in sides)
            {
                await timer.WaitForNextTickAsync();
                sent.Add(side(i));
            }
        }

        await Task.WhenAll(sent);
    }

    private static Task<IReadOnlyList<StoredEvent>> AppendAsync(Ledger ledger, Stopwatches times, int number)
    {
        var id = number.ToString(CultureInfo.InvariantCulture);
        times.Start(id);
        return ledger.InTransactionAsync(t => t.AppendAsync($"bench-{number}", Area, 0, [new TrainingRejected(id, "bench", nameof(RequestTraining), "BENCH", "measured", t.Now)], Metadata));
    }

    internal sealed class Receiver(Stopwatches times) : IEventHandler<TrainingRejected>
    {
        public Task HandleAsync(TrainingRejected @event, ObserverContext context, CancellationToken cancellationToken)
        {
            times.Stop(@event.TaskId!);
            return Task.CompletedTask;
        }
    }

    /// <summary>The times of all messages of one way.</summary>
    internal sealed class Stopwatches
    {
        private readonly ConcurrentDictionary<string, long> _started = new(StringComparer.Ordinal);
        private readonly ConcurrentDictionary<string, double> _milliseconds = new(StringComparer.Ordinal);

        public void Start(string id) => _started[id] = Stopwatch.GetTimestamp();

        // A message that comes twice counts with its first arrival.
        public void Stop(string id) => _milliseconds.TryAdd(id, Stopwatch.GetElapsedTime(_started[id]).TotalMilliseconds);

        public double Percentile(double part) => _milliseconds.Values.Order().ElementAt((int)(part * (_milliseconds.Count - 1)));

        public void Clear() => _milliseconds.Clear();

        public async Task AllAsync(int count)
        {
            using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
            while (_milliseconds.Count < count)
            {
                await tick.WaitForNextTickAsync();
            }
        }
    }

    /// <summary>What the database itself costs: one row, one flush to disk.</summary>
    private sealed class BareCommits(NpgsqlDataSource dataSource)
    {
        public Stopwatches Times { get; } = new();

        public static async Task<BareCommits> CreateAsync(NpgsqlDataSource dataSource)
        {
            await using var create = dataSource.CreateCommand("create table public.bare_commit (number int primary key, body text not null)");
            await create.ExecuteNonQueryAsync();
            return new BareCommits(dataSource);
        }

        public async Task CommitAsync(int number)
        {
            var id = number.ToString(CultureInfo.InvariantCulture);
            Times.Start(id);
            await using var insert = dataSource.CreateCommand("insert into public.bare_commit values ($1, $2)");
            insert.Parameters.AddWithValue(number);
            insert.Parameters.AddWithValue(Metadata.Actor);
            await insert.ExecuteNonQueryAsync();
            Times.Stop(id);
        }
    }

    /// <summary>What the broker itself costs: durable queue, persistent message, confirm, acknowledgement.</summary>
    private sealed class RawQueue : IAsyncDisposable
    {
        private const string Queue = "bench-raw";
        private readonly IConnection _connection;
        private readonly IChannel _channel;

        private RawQueue(IConnection connection, IChannel channel) => (_connection, _channel) = (connection, channel);

        public Stopwatches Times { get; } = new();

        public static async Task<RawQueue> OpenAsync(Uri broker)
        {
            var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync();
            var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
            await channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false);
            var raw = new RawQueue(connection, channel);
            var receiving = await connection.CreateChannelAsync();
            var consumer = new AsyncEventingBasicConsumer(receiving);
            consumer.ReceivedAsync += async (_, message) =>
            {
                raw.Times.Stop(message.BasicProperties.MessageId!);
                await receiving.BasicAckAsync(message.DeliveryTag, multiple: false);
            };
            await receiving.BasicConsumeAsync(Queue, autoAck: false, consumer);
            return raw;
        }

        public async Task PublishAsync(int number)
        {
            var id = number.ToString(CultureInfo.InvariantCulture);
            var body = Encoding.UTF8.GetBytes($$"""{"taskId":"{{id}}","name":"bench","command":"RequestTraining","code":"BENCH","message":"measured"}""");
            Times.Start(id);
            await _channel.BasicPublishAsync("", Queue, mandatory: true, new BasicProperties { MessageId = id, DeliveryMode = DeliveryModes.Persistent }, body);
        }

        public async ValueTask DisposeAsync()
        {
            await _connection.CloseAsync();
            await _channel.DisposeAsync();
            await _connection.DisposeAsync();
        }
    }
}
