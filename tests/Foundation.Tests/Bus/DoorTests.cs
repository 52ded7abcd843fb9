using System.Text.Json;
using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using MassTransit;

namespace EventMl.Foundation.Tests.Bus;

/// <summary>The same scenarios on both transports.</summary>
public sealed class DoorTests
{
    private static readonly DoorCall Rest = new() { Grant = Grant.Platform, Actor = "ada", Door = Doors.Rest };

    public static TheoryData<string> Transports => ["memory", "rabbitmq"];

    [Theory, MemberData(nameof(Transports))]
    public async Task Both_doors_end_in_the_same_event_when_the_command_is_the_same(string transport)
    {
        await using var scenario = await BusScenario.CreateAsync(transport);
        var host = await scenario.StartAsync();
        var parameters = JsonSerializer.Deserialize<JsonElement>("""{"learning_rate":0.1,"CamelCase":{"Inner_Key":[1,null]}}""");
        var command = new RequestTraining { Name = "n", Input = "digits", Output = "100", Params = parameters };

        var rest = await host.Door.ExecuteAsync(command with { TaskId = "train-rest" }, Rest, TestContext.Current.CancellationToken);
        await host.Bus.Publish(command with { TaskId = "train-bus" }, TestContext.Current.CancellationToken);
        await BusHost.UntilAsync(() => host.Seen.Of<TrainingRequested>().Length == 2, "both events come back");

        rest.Value.ShouldBe("train-rest");
        var events = host.Seen.Of<TrainingRequested>().ToDictionary(e => e.TaskId);
        JsonSerializer.Serialize(events["train-bus"] with { TaskId = "", RequestedAt = default })
            .ShouldBe(JsonSerializer.Serialize(events["train-rest"] with { TaskId = "", RequestedAt = default }));
        JsonElement.DeepEquals(events["train-bus"].Params, parameters).ShouldBeTrue(events["train-bus"].Params.ToString());
        host.Seen.Messages.Single(m => m.Message is TrainingRequested { TaskId: "train-rest" }).Actor.ShouldBe("ada");
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task Handles_once_when_a_message_id_comes_five_times(string transport)
    {
        await using var scenario = await BusScenario.CreateAsync(transport);
        var host = await scenario.StartAsync();
        var id = Ids.New();

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ =>
            host.Bus.Publish(new RequestTraining { Name = "n", Input = "digits", Output = "100" }, c => c.MessageId = id, TestContext.Current.CancellationToken)));
        await host.Bus.Publish(new RequestTraining { TaskId = "train-last", Input = "digits", Output = "100" }, TestContext.Current.CancellationToken);
        await BusHost.UntilAsync(() => host.Seen.Of<TrainingRequested>().Any(e => e.TaskId == "train-last"), "the last one is handled");
        await BusHost.UntilAsync(() => host.Seen.Of<TrainingRequested>().Length >= 2, "the repeated one is handled");

        var derived = Ids.Named("train", Ids.Derive("training-request-training", id.ToString("D")));
        host.Seen.Of<TrainingRequested>().Select(e => e.TaskId).Order().ShouldBe(new[] { derived, "train-last" }.Order());
        (await scenario.CountAsync("training.inbox where consumer = 'training-request-training'")).ShouldBe(2);
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task Publishes_a_rejected_event_when_a_bus_command_is_refused(string transport)
    {
        await using var scenario = await BusScenario.CreateAsync(transport);
        var host = await scenario.StartAsync();
        var id = Ids.New();

        await host.Bus.Publish(new RequestTraining { TaskId = "train-1", Name = "n" }, c => c.MessageId = id, TestContext.Current.CancellationToken);
        await BusHost.UntilAsync(() => host.Seen.Of<TrainingRejected>().Length == 1, "the rejection comes back");

        host.Seen.Of<TrainingRejected>()[0].Code.ShouldBe(ErrorCodes.DatasetNotFound);
        (await host.Ledger.ReadStreamAsync($"training_task_refusal-{id:D}", cancellationToken: TestContext.Current.CancellationToken)).Count.ShouldBe(1);
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task Leaves_nothing_behind_when_refused_after_an_append(string transport)
    {
        await using var scenario = await BusScenario.CreateAsync(transport);
        var host = await scenario.StartAsync();
        var command = new RequestTraining { TaskId = "train-1", Name = "refused-late", Input = "digits" };

        var rest = await host.Door.ExecuteAsync(command, Rest, TestContext.Current.CancellationToken);
        await host.Bus.Publish(command, TestContext.Current.CancellationToken);
        await BusHost.UntilAsync(() => host.Seen.Of<TrainingRejected>().Length == 1, "the rejection comes back");

        rest.Refusal!.Code.ShouldBe(ErrorCodes.TaskAlreadyRunning);
        (await scenario.CountAsync("ledger.mt_events where stream_id = 'training_task-train-1'")).ShouldBe(0);
        (await scenario.CountAsync("ledger.mt_events")).ShouldBe(1);
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task Only_counts_when_an_actor_is_refused_too_often(string transport)
    {
        await using var scenario = await BusScenario.CreateAsync(transport);
        var host = await scenario.StartAsync(o => o with { RefusalBurst = 3, RefusalsPerMinute = 1 });

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => host.Bus.Publish(new RequestTraining(), TestContext.Current.CancellationToken)));
        await BusHost.UntilAsync(async () => await scenario.CountAsync("training.inbox") == 10, "all ten are handled");

        (await scenario.CountAsync("ledger.mt_events where type = 'training_rejected'")).ShouldBe(3);
    }

    [Fact]
    public async Task Gives_the_same_task_when_an_idempotency_key_is_repeated()
    {
        await using var scenario = await BusScenario.CreateAsync("memory");
        var host = await scenario.StartAsync();
        var command = new RequestTraining { Input = "digits", Output = "100" };
        var keyed = Rest with { IdempotencyKey = "k1" };

        var first = await host.Door.ExecuteAsync(command, keyed, TestContext.Current.CancellationToken);
        var second = await host.Door.ExecuteAsync(command, keyed, TestContext.Current.CancellationToken);
        var other = await host.Door.ExecuteAsync(command, keyed with { Actor = "bob" }, TestContext.Current.CancellationToken);
        var plain = await host.Door.ExecuteAsync(command, Rest, TestContext.Current.CancellationToken);

        second.Value.ShouldBe(first.Value);
        new[] { first.Value, other.Value, plain.Value }.Distinct().Count().ShouldBe(3);
    }
}
