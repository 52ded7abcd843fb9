using System.Globalization;
using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.Testing;
using Npgsql;

namespace EventMl.Foundation.Tests.Bus;

/// <summary>A RabbitMQ that comes back with nothing: no messages, no queues.</summary>
public sealed class BrokerWipedTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    [Fact]
    [Trait("Category", "Deep")]
    public async Task Listeners_that_were_away_get_everything_once_when_the_broker_was_wiped_meanwhile()
    {
        await using var servers = await OwnServers.StartAsync();
        var options = BusHost.Options("rabbitmq", new Uri(servers.RabbitMq));
        await using var database = await DeclareAsync(servers, options);
        await using (await BusHost.StartAsync(servers.Postgres, options))
        {
            await database.UntilAsync("bus.queue where not restoring", 5, "all queues are known and watched", Limit);
        }

        await using var host = await BusHost.StartAsync(servers.Postgres, options, register: BusHost.RegisterWithoutListeners);
        for (var i = 0; i < 20; i++)
        {
            await RequestAsync(host, deadline: i % 2 == 0 ? 20 : 100_000);
        }

        await database.UntilAsync("sagas.sent where message_type like '%RunTraining%'", 20, "the broker has taken 20 commands, which nobody fetches", Limit);
        var head = await host.Ledger.HeadAsync(TestContext.Current.CancellationToken);
        await BusHost.UntilAsync(async () => await host.Ledger.FollowerPositionAsync("relay", TestContext.Current.CancellationToken) == head, "and 20 events");
        await servers.StopAsync("rabbitmq", wipe: true);
        for (var i = 0; i < 5; i++)
        {
            await RequestAsync(host, deadline: 100_000);
        }

        await servers.StartAsync("rabbitmq");
        await database.UntilAsync("bus.queue where not restoring and lost_at is not null", 5, "every queue is set up again by the host that runs", Limit);
        await using var listener = await BusHost.StartAsync(servers.Postgres, options);

        await database.UntilAsync("training.inbox where consumer = 'training-run-training'", 25, "every command is carried out", Limit);
        await database.UntilAsync("watching.inbox where consumer = 'watching-on-training-requested'", 25, "every event is heard", Limit);
        await database.UntilAsync("sagas.saga where (data->>'Expired')::bool", 10, "the deadlines fire", Limit);
        await database.UntilAsync("sagas.saga", 25, "every saga has begun", Limit);
        listener.Seen.Of<RunTraining>().Select(r => r.TaskId).ShouldBeUnique();
        listener.Seen.Of<TrainingRequested>().Select(r => r.TaskId).ShouldBeUnique();
        (await database.CountAsync("sagas.outbox")).ShouldBe(15, "the deadlines to come and nothing else");
        await database.UntilAsync("sagas.sent", 0, "what was handled is forgotten", Limit);
    }

    [Fact]
    [Trait("Category", "Deep")]
    public async Task Whatever_is_in_the_ledger_goes_its_whole_way_when_the_broker_is_wiped_under_load()
    {
        await using var servers = await OwnServers.StartAsync();
        var options = BusHost.Options("rabbitmq", new Uri(servers.RabbitMq));
        await using var database = await DeclareAsync(servers, options);
        await using var first = await BusHost.StartAsync(servers.Postgres, options);
        await using var second = await BusHost.StartAsync(servers.Postgres, options);
        await using var load = CommandLoad.Start(servers.RabbitMq);
        await load.MoreAsync(100);

        // At once, with messages everywhere: in queues, on their way, half confirmed.
        servers.Kill("rabbitmq");
        await servers.StopAsync("rabbitmq", wipe: true);
        for (var i = 0; i < 10; i++)
        {
            await RequestAsync(first, deadline: 100_000);
        }

        await servers.StartAsync("rabbitmq");
        await load.MoreAsync(100);
        await load.EndAsync();

        // Fetched, decided and confirmed: no more of them come.
        await BusHost.UntilAsync(async () => (await servers.QueuesAsync("messages"))["training-request-training"].GetInt64() == 0, "no command is left in its queue", Limit);
        var requested = await database.CountAsync("ledger.mt_events where type = 'training_requested'");
        requested.ShouldBeGreaterThan(100, "what clients had sent and nobody had fetched is gone; the rest is not");
        await database.UntilAsync("training.inbox where consumer = 'training-run-training'", requested, "every command is carried out", Limit);
        await database.UntilAsync("watching.inbox where consumer = 'watching-on-training-requested'", requested, "every event is heard", Limit);
        await database.UntilAsync("sagas.saga", requested, "every saga has begun", Limit);
        new[] { first, second }.SelectMany(h => h.Seen.Of<RunTraining>()).Select(r => r.TaskId).Distinct().Count().ShouldBe((int)requested);
        (await database.CountAsync("ledger.mt_events")).ShouldBe(requested, "one event each and no refusal");
        (await database.CountAsync("sagas.outbox")).ShouldBe(requested, "the deadlines and nothing else");
        TestContext.Current.TestOutputHelper?.WriteLine($"{load.Confirmed} commands of clients confirmed, {requested} in the ledger, longest silence {load.LongestSilence.TotalSeconds:F1} s");
    }

    [Fact]
    [Trait("Category", "Deep")]
    public async Task Timeouts_fire_once_when_hosts_broker_and_database_were_restarted_before_them()
    {
        await using var servers = await OwnServers.StartAsync();
        var options = BusHost.Options("rabbitmq", new Uri(servers.RabbitMq));
        await using (var database = await DeclareAsync(servers, options))
        {
            await using var host = await BusHost.StartAsync(servers.Postgres, options);
            for (var i = 0; i < 20; i++)
            {
                await RequestAsync(host, deadline: 8);
            }

            await database.UntilAsync("sagas.outbox where name is not null", 20, "the timers wait", Limit);
        }

        await servers.StopAsync("rabbitmq");
        await servers.StopAsync("postgres");
        await servers.StartAsync("postgres");
        await servers.StartAsync("rabbitmq");

        await using var fresh = NpgsqlDataSource.Create(servers.Postgres);
        await using var first = await BusHost.StartAsync(servers.Postgres, options);
        await using var second = await BusHost.StartAsync(servers.Postgres, options);
        await fresh.UntilAsync("sagas.saga where (data->>'Expired')::bool and state = 'Final'", 20, "the timers fire", Limit);
        (await fresh.CountAsync("sagas.inbox")).ShouldBe(40, "one request and one timer each");
        (await fresh.CountAsync("sagas.outbox")).ShouldBe(0);
    }

    private static async Task<NpgsqlDataSource> DeclareAsync(OwnServers servers, BusOptions options)
    {
        var database = NpgsqlDataSource.Create(servers.Postgres);
        await BusHost.DeclareAsync(database);
        await BusSetup.DeclareAsync(options, BusHost.Register, [typeof(Ids).Assembly], TestContext.Current.CancellationToken);
        return database;
    }

    private static Task RequestAsync(BusHost host, int deadline) => host.Door.ExecuteAsync(
        new RequestTraining { TaskId = Ids.New("train"), Input = "digits", Output = deadline.ToString(CultureInfo.InvariantCulture) },
        new DoorCall { Actor = "ada", Grant = Grant.Platform, Door = Doors.Rest }, TestContext.Current.CancellationToken);
}
