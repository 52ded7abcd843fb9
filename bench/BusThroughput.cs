using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.EventStore;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace EventMl.Bench;

/// <summary>
/// Messages per second beside plain MassTransit on the same broker and database: the relay beside its Publish, consumers with an inbox and sagas beside
/// a consumer that commits one row. RabbitMQ.Client alone stands with each, to show what the broker itself allows.
/// </summary>
internal static class BusThroughput
{
    private const double RelayGoal = 0.8;
    private const double InboxGoal = 0.8;
    private const double SagaGoal = 0.6;
    private const int Rounds = 3;
    private const int Messages = 10_000;
    private const int AtATime = 500;
    private const int OneSaga = 200;
    private const string PlainExchange = "bench-plain";
    private const string PlainQueue = "bench-plain";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly EventMetadata Metadata = new("bench", "bench", "bench", "bench", null);
    private static readonly string Exchange = BusNames.Exchange(typeof(TrainingRejected));

    private static TrainingRejected Event(string id) => new(id, "bench", nameof(RequestTraining), "BENCH", "measured", TimeProvider.System.GetUtcNow());

    public static async Task RelayAsync(Action<string> say)
    {
        await using var rig = await BusRig.CreateAsync(_ => { });
        await using var raw = await RawBroker.OpenAsync(rig.Broker.Address);
        await raw.BindAsync("sink", Exchange);
        await raw.BindAsync("sink", PlainExchange);
        await using var plain = await PlainBus.StartAsync(rig, null);
        var (ours, theirs, bare) = (new List<double>(), new List<double>(), new List<double>());
        var body = JsonSerializer.SerializeToUtf8Bytes(Event("train-1"), JsonSerializerOptions.Web);
        for (var round = 0; round <= Rounds; round++)
        {
            var (own, peer, broker) = (await RelayedAsync(rig), await plain.PublishAsync(), await raw.PublishAsync(PlainExchange, Messages, AtATime, body));
            await raw.PurgeAsync("sink");
            if (round > 0)
            {
                ours.Add(own);
                theirs.Add(peer);
                bare.Add(broker);
            }
        }

        Say(say, "bus.relay", Numbers.Median(ours), Numbers.Median(theirs), RelayGoal, Numbers.Median(bare));
    }

    // Everything is sequenced first, so that only the way out is measured; the first tenth warms the connection.
    private static async Task<double> RelayedAsync(BusRig rig)
    {
        using (var sequencing = await rig.SendAsync(s => s.AddLedgerSequencer()))
        {
            var ledger = sequencing.Services.GetRequiredService<Ledger>();
            for (var i = 0; i < Messages / 5; i++)
            {
                var stream = Ids.New();
                await ledger.AppendAsync($"{BusRig.Area}-{stream}", BusRig.Area, 0, [.. Enumerable.Range(0, 5).Select(_ => (object)Event($"{stream}"))], Metadata);
            }

            await Numbers.UntilAsync(() => rig.Database.ScalarAsync<bool>("select not exists (select from ledger.eml_pending)"), Limit);
            await sequencing.StopAsync();
        }

        var head = await rig.Database.ScalarAsync<long>("select position from ledger.eml_head");
        var (from, began) = (0L, 0L);
        using var host = await rig.LeadAsync();
        await Numbers.UntilAsync(
            async () =>
            {
                var position = await rig.Database.ScalarAsync<long>("select coalesce((select position from ledger.eml_follower where name = 'relay'), 0)");
                if (began == 0 && position > head - Messages + (Messages / 10))
                {
                    (from, began) = (position, Stopwatch.GetTimestamp());
                }

                return position == head;
            },
            Limit);
        var rate = (head - from) / Stopwatch.GetElapsedTime(began).TotalSeconds;
        await host.StopAsync();
        return rate;
    }

    public static Task InboxAsync(Action<string> say) => HandledAsync(
        say, "bus.inbox", InboxGoal, bus => bus.AddObserver<TrainingRejected, Quiet>(BusRig.Area), $"select count(*) from {BusRig.Area}.inbox");

    public static Task SagaAsync(Action<string> say) => HandledAsync(
        say, "bus.saga", SagaGoal, bus => bus.AddSaga<BenchMachine, BenchState>("bench"), "select count(*) from sagas.saga");

    /// <summary>Both sides find their queue full; the rate is that between the first quarter and the last message.</summary>
    private static async Task HandledAsync(Action<string> say, string name, double goal, Action<BusRegistrations> register, string count)
    {
        await using var rig = await BusRig.CreateAsync(register);
        await using var raw = await RawBroker.OpenAsync(rig.Broker.Address);
        await raw.BindAsync(PlainQueue, PlainExchange);
        await raw.BindAsync("raw", "bench-raw");
        await rig.Database.ExecuteAsync("create table public.plain (id uuid primary key, body text not null)");
        using var sender = await rig.SendAsync();
        var bus = sender.Services.GetRequiredService<IBus>();
        var body = Encoding.UTF8.GetBytes("{}");
        var (ours, theirs, bare) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round <= Rounds; round++)
        {
            await Batches(i => bus.Publish(Event(Ids.Named("train", Ids.New()))));
            var before = await rig.Database.ScalarAsync<long>(count);
            using var host = await rig.ConsumeAsync();
            var own = await RateAsync(async () => await rig.Database.ScalarAsync<long>(count) - before);
            await host.StopAsync();

            await using (var publisher = await PlainBus.StartAsync(rig, null))
            {
                await publisher.PublishAsync();
            }

            await using var consumer = await PlainBus.StartAsync(rig, rig.Database.DataSource);
            var plainBefore = round * (long)Messages;
            var peer = await RateAsync(async () => await rig.Database.ScalarAsync<long>("select count(*) from public.plain") - plainBefore);

            await raw.PublishAsync("bench-raw", Messages, AtATime, body);
            var heard = 0L;
            await using var hearing = await RawBroker.OpenAsync(rig.Broker.Address);
            await hearing.HearAsync("raw", (_, _) => Interlocked.Increment(ref heard));
            var broker = await RateAsync(() => Task.FromResult(Interlocked.Read(ref heard)));
            if (round > 0)
            {
                ours.Add(own);
                theirs.Add(peer);
                bare.Add(broker);
            }
        }

        Say(say, name, Numbers.Median(ours), Numbers.Median(theirs), goal, Numbers.Median(bare));
    }

    private static async Task<double> RateAsync(Func<Task<long>> handled)
    {
        var (from, began) = (0L, 0L);
        await Numbers.UntilAsync(
            async () =>
            {
                var now = await handled();
                if (began == 0 && now > Messages / 4)
                {
                    (from, began) = (now, Stopwatch.GetTimestamp());
                }

                return now >= Messages;
            },
            Limit);
        return (Messages - from) / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    public static async Task OneSagaAsync(Action<string> say)
    {
        await using var rig = await BusRig.CreateAsync(bus => bus.AddSaga<BenchMachine, BenchState>("bench"));
        await using var raw = await RawBroker.OpenAsync(rig.Broker.Address);
        using var sender = await rig.SendAsync();
        var bus = sender.Services.GetRequiredService<IBus>();
        var task = Ids.Named("train", Ids.New());
        using var host = await rig.ConsumeAsync();
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, OneSaga).Select(_ => bus.Publish(Event(task))));
        await Numbers.UntilAsync(async () => await rig.Database.ScalarAsync<long>("select count(*) from sagas.inbox") == OneSaga, Limit);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var heard = await rig.Database.ScalarAsync<int>("select (data->>'Heard')::int from sagas.saga");
        var errors = await raw.CountIfAnyAsync(BusNames.SagaQueue("bench") + "_error");
        await host.StopAsync();
        say(string.Create(CultureInfo.InvariantCulture, $"bench bus.one_saga messages={OneSaga} heard={heard} errors={errors} seconds={seconds:F2} goal=0 {(heard == OneSaga && errors == 0 ? "ok" : "short")}"));
    }

    private static async Task Batches(Func<int, Task> send)
    {
        for (var done = 0; done < Messages; done += AtATime)
        {
            await Task.WhenAll(Enumerable.Range(done, AtATime).Select(send));
        }
    }

    private static void Say(Action<string> say, string name, double ours, double theirs, double goal, double broker) => say(string.Create(
        CultureInfo.InvariantCulture, $"bench {name} ratio={ours / theirs:F2} per_second={ours:F0} masstransit={theirs:F0} rabbitmq_client={broker:F0} goal={goal} {(ours >= theirs * goal ? "ok" : "short")}"));

    internal sealed class Quiet : IEventHandler<TrainingRejected>
    {
        public Task HandleAsync(TrainingRejected @event, ObserverContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>MassTransit as its manual sets it up, with the prefetch and concurrency that ours has.</summary>
    private sealed class PlainBus(IBusControl bus) : IAsyncDisposable
    {
        public static async Task<PlainBus> StartAsync(BusRig rig, NpgsqlDataSource? database)
        {
            var bus = MassTransit.Bus.Factory.CreateUsingRabbitMq(x =>
            {
                x.Host(rig.Broker.Address);
                x.Message<TrainingRejected>(m => m.SetEntityName(PlainExchange));
                if (database is not null)
                {
                    x.ReceiveEndpoint(PlainQueue, endpoint =>
                    {
                        endpoint.ConfigureConsumeTopology = false;
                        (endpoint.PrefetchCount, endpoint.ConcurrentMessageLimit) = (rig.Bus.PrefetchCount, rig.Bus.ConcurrencyLimit);
                        endpoint.Consumer(() => new Committing(database));
                    });
                }
            });
            await bus.StartAsync();
            return new PlainBus(bus);
        }

        public async Task<double> PublishAsync()
        {
            var began = Stopwatch.GetTimestamp();
            await Batches(_ => bus.Publish(Event("train-1")));
            return Messages / Stopwatch.GetElapsedTime(began).TotalSeconds;
        }

        public async ValueTask DisposeAsync() => await bus.StopAsync();
    }

    private sealed class Committing(NpgsqlDataSource database) : IConsumer<TrainingRejected>
    {
        public async Task Consume(ConsumeContext<TrainingRejected> context)
        {
            await using var insert = database.CreateCommand("insert into public.plain values ($1, $2)");
            insert.Parameters.AddWithValue(context.MessageId!.Value);
            insert.Parameters.AddWithValue(context.Message.Code);
            await insert.ExecuteNonQueryAsync();
        }
    }
}

internal sealed class BenchState : SagaState
{
    public int Heard { get; set; }
}

internal sealed class BenchMachine : ProcessStateMachine<BenchState>
{
    public BenchMachine()
    {
        Event(() => Rejected, x => x.CorrelateById(m => SagaId.From(m.Message.TaskId!)));
        Initially(When(Rejected).Then(c => c.Saga.Heard++).TransitionTo(Listening));
        During(Listening, When(Rejected).Then(c => c.Saga.Heard++));
    }

    public State Listening { get; private set; } = null!;

    public Event<TrainingRejected> Rejected { get; private set; } = null!;
}
