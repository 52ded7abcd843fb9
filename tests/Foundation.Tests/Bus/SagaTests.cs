using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EventMl.Foundation.Tests.Bus;

public sealed class SagaTests
{
    private static readonly DoorCall Rest = new() { Grant = Grant.Platform, Actor = "ada", Door = Doors.Rest };

    public static TheoryData<string> Transports => ["memory", "rabbitmq"];

    [Theory, MemberData(nameof(Transports))]
    public async Task Loses_none_of_200_messages_when_they_meet_on_one_instance(string transport)
    {
        await using var scenario = await BusScenario.CreateAsync(transport);
        var host = await scenario.StartAsync(o => o with { ConcurrencyLimit = 16 });
        var id = await StartTaskAsync(scenario, host, "1000");

        await Task.WhenAll(Enumerable.Range(1, 200).Select(n => host.Bus.Publish(Epoch(id, n), TestContext.Current.CancellationToken)));
        await BusHost.UntilAsync(async () => await EpochsAsync(scenario) == 200, "200 epochs are counted");

        if (scenario.Broker is not null)
        {
            await using var client = await AmqpClient.ConnectAsync(scenario.Broker.Address);
            await client.EmptyAsync("sagas-probe_error");
        }
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task Asks_and_forgets_its_deadline_when_the_work_ends_in_time(string transport)
    {
        await using var scenario = await BusScenario.CreateAsync(transport);
        var host = await scenario.StartAsync();
        var id = await StartTaskAsync(scenario, host, "1000");
        await BusHost.UntilAsync(() => host.Seen.Of<RunTraining>().Length == 1, "the command arrives");
        await BusHost.UntilAsync(async () => await scenario.CountAsync("sagas.outbox") == 1, "only the deadline waits");

        await host.Bus.Publish(Completed(id), TestContext.Current.CancellationToken);
        await BusHost.UntilAsync(async () => await scenario.CountAsync("sagas.saga where state = 'Final'") == 1, "the saga is over");
        // A late event and a repeated first one find the saga over and change nothing.
        await host.Bus.Publish(Epoch(id, 9), TestContext.Current.CancellationToken);
        await BusHost.UntilAsync(async () => await scenario.CountAsync("sagas.inbox") == 3, "the late event is handled");

        (await scenario.CountAsync("sagas.outbox")).ShouldBe(0);
        (await EpochsAsync(scenario)).ShouldBe(0);
        host.Seen.Messages.Single(m => m.Message is RunTraining).Actor.ShouldBe("saga:probe");
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task Hears_its_deadline_when_everything_was_restarted_before_it(string transport)
    {
        await using var scenario = await BusScenario.CreateAsync(transport);
        var first = await scenario.StartAsync(dispatcher: false);
        await StartTaskAsync(scenario, first, "0.5");
        await scenario.StopAsync(first);

        var second = await scenario.StartAsync();
        await BusHost.UntilAsync(async () => await scenario.CountAsync("sagas.saga where (data->>'Expired')::bool and state = 'Final'") == 1, "the deadline is heard");

        (await scenario.CountAsync("sagas.outbox")).ShouldBe(0);
        second.Seen.Of<RunTraining>().Length.ShouldBe(1);
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task Leaves_no_timer_behind_when_a_thousand_are_scheduled_and_cancelled(string transport)
    {
        await using var scenario = await BusScenario.CreateAsync(transport);
        var host = await scenario.StartAsync(o => o with { ConcurrencyLimit = 16 });
        var ids = Enumerable.Range(0, 1_000).Select(_ => Ids.New("train")).ToArray();

        await Task.WhenAll(ids.Select(id => host.Bus.Publish(Requested(id), TestContext.Current.CancellationToken)));
        await BusHost.UntilAsync(async () => await scenario.CountAsync("sagas.outbox where name is not null") == 1_000, "a thousand timers wait", TimeSpan.FromSeconds(90));
        await Task.WhenAll(ids.Select(id => host.Bus.Publish(Completed(id), TestContext.Current.CancellationToken)));
        await BusHost.UntilAsync(async () => await scenario.CountAsync("sagas.saga where state = 'Final'") == 1_000, "a thousand are over", TimeSpan.FromSeconds(90));

        (await scenario.CountAsync("sagas.outbox where name is not null")).ShouldBe(0);
        await BusHost.UntilAsync(async () => await scenario.CountAsync("training.inbox where consumer = 'training-run-training'") == 1_000, "all commands arrive", TimeSpan.FromSeconds(90));
        (await scenario.CountAsync("sagas.outbox")).ShouldBe(0);
    }

    [Fact]
    public async Task Delivers_once_when_it_died_between_commit_and_dispatch_and_two_take_over()
    {
        await using var scenario = await BusScenario.CreateAsync("rabbitmq");
        var dead = await scenario.StartAsync(dispatcher: false);
        for (var i = 0; i < 20; i++)
        {
            await StartTaskAsync(scenario, dead, "1000");
        }

        (await scenario.CountAsync("sagas.outbox where name is null")).ShouldBe(20);
        await scenario.StopAsync(dead);

        var hosts = new[] { await scenario.StartAsync(), await scenario.StartAsync() };
        await BusHost.UntilAsync(async () => await scenario.CountAsync("sagas.outbox where name is null") == 0, "all are sent");
        await BusHost.UntilAsync(() => hosts.Sum(h => h.Seen.Of<RunTraining>().Length) >= 20, "all arrive");

        hosts.SelectMany(h => h.Seen.Of<RunTraining>()).Select(r => r.TaskId).Distinct().Count().ShouldBe(20);
        hosts.Sum(h => h.Seen.Of<RunTraining>().Length).ShouldBe(20);
    }

    [Fact]
    public async Task Keeps_a_command_when_nobody_listens_yet()
    {
        await using var scenario = await BusScenario.CreateAsync("rabbitmq");
        await using (var client = await AmqpClient.ConnectAsync(scenario.Broker!.Address))
        {
            await client.DeleteQueueAsync("training-run-training");
        }

        var host = await scenario.StartAsync(o => o with { DispatchClaimTime = TimeSpan.FromSeconds(30) }, register: BusHost.RegisterWithoutRunner);
        await StartTaskAsync(scenario, host, "1000");
        // This dispatcher's claim lasts 30 seconds; what is put back is due within two.
        await BusHost.UntilAsync(async () => await scenario.CountAsync("sagas.outbox where name is null and claimed_until < clock_timestamp() + interval '10 seconds'") == 1, "the command is put back");

        await scenario.StopAsync(host);
        var next = await scenario.StartAsync();
        await BusHost.UntilAsync(() => next.Seen.Of<RunTraining>().Length == 1, "the command arrives");
    }

    [Fact]
    public async Task Forgets_old_sagas_but_those_that_wait_and_old_messages()
    {
        await using var scenario = await BusScenario.CreateAsync("memory");
        var host = await scenario.StartAsync();
        var waiting = await StartTaskAsync(scenario, host, "1000");
        var ended = await StartTaskAsync(scenario, host, "1000");
        var recent = await StartTaskAsync(scenario, host, "1000");
        foreach (var id in new[] { ended, recent })
        {
            await host.Bus.Publish(Completed(id), TestContext.Current.CancellationToken);
        }

        await BusHost.UntilAsync(async () => await scenario.CountAsync("sagas.outbox") == 1, "only one deadline waits");
        await scenario.Database.ExecuteAsync($"update sagas.saga set updated_at = updated_at - interval '91 days' where id <> '{SagaId.From(recent)}'");
        await scenario.Database.ExecuteAsync("update sagas.inbox set received_at = received_at - interval '8 days'");

        await host.Services.GetServices<IHostedService>().OfType<Retention>().Single().ForgetAsync(TestContext.Current.CancellationToken);

        (await scenario.CountAsync("sagas.saga")).ShouldBe(2);
        (await scenario.CountAsync($"sagas.saga where id in ('{SagaId.From(waiting)}', '{SagaId.From(recent)}')")).ShouldBe(2);
        (await scenario.CountAsync("sagas.inbox")).ShouldBe(0);
    }

    private static async Task<string> StartTaskAsync(BusScenario scenario, BusHost host, string seconds)
    {
        var id = Ids.New("train");
        await host.Door.ExecuteAsync(new RequestTraining { TaskId = id, Input = "digits", Output = seconds }, Rest, TestContext.Current.CancellationToken);
        await BusHost.UntilAsync(async () => await scenario.CountAsync($"sagas.saga where id = '{SagaId.From(id)}'") == 1, "the saga has begun");
        return id;
    }

    private static TrainingRequested Requested(string id) =>
        new(id, "", "digits", 1, "lake://x", "00", null, null, System.Text.Json.JsonSerializer.SerializeToElement(new { }), "1000", 60, DateTimeOffset.UnixEpoch);

    private static Task<int> EpochsAsync(BusScenario scenario) => scenario.Database.ScalarAsync<int>("select coalesce(max((data->>'Epochs')::int), 0) from sagas.saga");

    private static EpochCompleted Epoch(string id, int n) => new(id, 1, n, 200, new Dictionary<string, double>(StringComparer.Ordinal), null, null, null, null, DateTimeOffset.UnixEpoch);

    private static TrainingCompleted Completed(string id) => new(id, "m", 1, System.Text.Json.JsonSerializer.SerializeToElement(new { loss = 0.1 }), DateTimeOffset.UnixEpoch);
}
