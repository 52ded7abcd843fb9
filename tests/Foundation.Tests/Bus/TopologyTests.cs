using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using RabbitMQ.Client;

namespace EventMl.Foundation.Tests.Bus;

/// <summary>Someone takes queues or bindings away while hosts run.</summary>
public sealed class TopologyTests
{
    private const string Exchange = "eventml.training.training-requested";
    private static readonly string[] Listeners = ["sagas-probe", "watching-on-training-requested"];
    private static readonly DoorCall Rest = new() { Grant = Grant.Platform, Actor = "ada", Door = Doors.Rest };

    [Fact]
    public async Task Keeps_events_in_the_ledger_until_the_topology_is_declared_again()
    {
        await using var scenario = await BusScenario.CreateAsync("rabbitmq");
        var host = await scenario.StartAsync();
        await WatchedAsync(scenario);
        // The bus has set up everything once; from here on only --declare does.
        await RequestAsync(host);
        await BusHost.UntilAsync(() => host.Seen.Of<TrainingRequested>().Length == 1, "the first event arrives");
        await using (var connection = await new ConnectionFactory { Uri = scenario.Broker!.Address }.CreateConnectionAsync(TestContext.Current.CancellationToken))
        await using (var channel = await connection.CreateChannelAsync(cancellationToken: TestContext.Current.CancellationToken))
        {
            foreach (var queue in Listeners)
            {
                await channel.ExchangeUnbindAsync(queue, Exchange, "", cancellationToken: TestContext.Current.CancellationToken);
            }
        }

        var before = await host.Ledger.FollowerPositionAsync("relay", TestContext.Current.CancellationToken);
        await RequestAsync(host);
        await RequestAsync(host);
        await BusHost.UntilAsync(async () => await host.Ledger.HeadAsync(TestContext.Current.CancellationToken) == 3, "all events have their positions");
        await Should.ThrowAsync<TimeoutException>(() => BusHost.UntilAsync(() => Task.FromResult(host.Seen.Of<TrainingRequested>().Length > 1), "an event passes", TimeSpan.FromSeconds(1)));
        (await host.Ledger.FollowerPositionAsync("relay", TestContext.Current.CancellationToken)).ShouldBe(before);

        await BusSetup.DeclareAsync(scenario.Options, BusHost.Register, [typeof(Ids).Assembly], TestContext.Current.CancellationToken);

        await BusHost.UntilAsync(() => host.Seen.Of<TrainingRequested>().Length == 3, "the events arrive after all");
        await BusHost.UntilAsync(async () => await scenario.CountAsync("sagas.saga") == 3, "the saga hears them as well");
    }

    [Fact]
    public async Task Keeps_an_event_until_it_can_be_heard_when_its_only_queue_was_deleted_under_a_running_host()
    {
        await using var scenario = await BusScenario.CreateAsync("rabbitmq");
        var host = await scenario.StartAsync();
        await RequestAsync(host);
        await BusHost.UntilAsync(() => host.Seen.Of<TrainingRequested>().Length == 1, "the first event arrives");
        await using var client = await AmqpClient.ConnectAsync(scenario.Broker!.Address);
        await client.DeleteQueueAsync("watching-on-training-rejected");

        await client.PublishAsync("eventml.training.request-training", """{"taskId":"train-refused"}""", new BasicProperties { ContentType = "application/json", MessageId = "1" });
        await BusHost.UntilAsync(async () => await host.Ledger.HeadAsync(TestContext.Current.CancellationToken) == 2, "the refusal is in the ledger");
        await BusSetup.DeclareAsync(scenario.Options, BusHost.Register, [typeof(Ids).Assembly], TestContext.Current.CancellationToken);
        var other = await scenario.StartAsync();

        await BusHost.UntilAsync(() => host.Seen.Of<TrainingRejected>().Length + other.Seen.Of<TrainingRejected>().Length == 1, "the refusal is heard");
    }

    [Fact]
    public async Task Gives_listeners_back_what_their_deleted_queues_had_lost_while_others_went_on()
    {
        await using var scenario = await BusScenario.CreateAsync("rabbitmq");
        var all = await scenario.StartAsync();
        await WatchedAsync(scenario);
        await RequestAsync(all);
        await BusHost.UntilAsync(() => all.Seen.Of<RunTraining>().Length == 1 && all.Seen.Of<TrainingRequested>().Length == 1, "one goes its whole way");
        await scenario.StopAsync(all);
        var host = await scenario.StartAsync(register: BusHost.RegisterWithoutListeners);
        for (var i = 0; i < 3; i++)
        {
            await RequestAsync(host);
        }

        await BusHost.UntilAsync(async () => await scenario.CountAsync("sagas.saga") == 4 && await scenario.CountAsync("sagas.outbox where name is null") == 0, "events and commands lie in queues");
        await using (var client = await AmqpClient.ConnectAsync(scenario.Broker!.Address))
        {
            await client.DeleteQueueAsync("watching-on-training-requested");
            await client.DeleteQueueAsync("training-run-training");
        }

        // The saga's queue takes them, so that nothing comes back to the relay.
        await RequestAsync(host);
        await RequestAsync(host);
        await BusHost.UntilAsync(async () => await scenario.CountAsync("bus.queue where lost_at is not null and not restoring") == 2, "both are set up again");
        await BusHost.UntilAsync(async () => await scenario.CountAsync("sagas.outbox where name is null") == 0, "the commands are sent again");
        var again = await scenario.StartAsync();

        await BusHost.UntilAsync(() => again.Seen.Of<RunTraining>().Length >= 5 && again.Seen.Of<TrainingRequested>().Length >= 5, "all arrive");
        again.Seen.Of<TrainingRequested>().Select(r => r.TaskId).ShouldBeUnique();
        again.Seen.Of<TrainingRequested>().Length.ShouldBe(5, "what was handled before is not sent again");
        again.Seen.Of<RunTraining>().Select(r => r.TaskId).ShouldBeUnique();
        again.Seen.Of<RunTraining>().Length.ShouldBe(5);
    }

    [Fact]
    public async Task Makes_quorum_queues_of_classic_ones_when_they_are_empty_and_unused()
    {
        await using var scenario = await BusScenario.CreateAsync("rabbitmq");
        await DeclareAsync(scenario.Options with { Quorum = true });

        var queues = await scenario.Broker!.QueuesAsync(TestContext.Current.CancellationToken);
        queues.ShouldAllBe(q => q.Type == "quorum" && q.Durable);
        queues.Select(q => q.Name).ShouldContain("sagas-probe_error");
        var host = await scenario.StartAsync(o => o with { Quorum = true });
        await RequestAsync(host);
        await BusHost.UntilAsync(() => host.Seen.Of<RunTraining>().Length == 1, "a command goes its whole way");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Says_what_to_do_when_a_queue_of_the_other_kind_holds_messages(bool quorum)
    {
        await using var scenario = await BusScenario.CreateAsync("rabbitmq");
        await DeclareAsync(scenario.Options with { Quorum = quorum });
        await using (var client = await AmqpClient.ConnectAsync(scenario.Broker!.Address))
        {
            await client.PublishAsync("eventml.training.run-training", "{}", new BasicProperties { Persistent = true });
        }

        var error = await Should.ThrowAsync<QueueKindException>(() => DeclareAsync(scenario.Options with { Quorum = !quorum }));

        error.Message.ShouldContain("EVENTML_BUS_QUORUM");
        error.Message.ShouldContain("--declare");
        (await scenario.Broker.QueuesAsync(TestContext.Current.CancellationToken)).Single(q => q.Name == "training-run-training").Type.ShouldBe(quorum ? "quorum" : "classic");
    }

    private static Task WatchedAsync(BusScenario scenario) => BusHost.UntilAsync(async () => await scenario.CountAsync("bus.queue where restoring") == 0, "the queues are watched");

    private static Task DeclareAsync(BusOptions options) => BusSetup.DeclareAsync(options, BusHost.Register, [typeof(Ids).Assembly], TestContext.Current.CancellationToken);

    private static Task RequestAsync(BusHost host) => host.Door.ExecuteAsync(
        new RequestTraining { TaskId = Ids.New("train"), Input = "digits", Output = "1000" }, Rest, TestContext.Current.CancellationToken);
}
