using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;

namespace EventMl.Foundation.Tests.Bus;

public sealed class BusWatchTests
{
    [Fact]
    public async Task Hears_again_when_the_broker_had_forgotten_its_user_for_a_while()
    {
        await using var scenario = await BusScenario.CreateAsync("rabbitmq");
        var address = await scenario.Broker!.AddUserAsync("host", "secret", TestContext.Current.CancellationToken);
        var host = await scenario.StartAsync(o => o with { Address = address.ToString() });
        await RequestAsync(host);
        await BusHost.UntilAsync(() => host.Seen.Of<RunTraining>().Length == 1, "the first command arrives");

        await scenario.Broker.RemoveUserAsync("host", TestContext.Current.CancellationToken);
        await BusHost.UntilAsync(() => host.Bus is MassTransit.IBusControl bus && bus.CheckHealth().Endpoints.Count(e => e.Value.Status != MassTransit.BusHealthStatus.Healthy) >= 5, "all endpoints have failed");
        await RequestAsync(host);
        // Refused for its name, an endpoint is given up by MassTransit for good.
        await Should.ThrowAsync<TimeoutException>(() => BusHost.UntilAsync(() => Task.FromResult(host.Seen.Of<RunTraining>().Length > 1), "a command passes", TimeSpan.FromSeconds(5)));
        await scenario.Broker.AddUserAsync("host", "secret", TestContext.Current.CancellationToken);

        await BusHost.UntilAsync(() => host.Seen.Of<RunTraining>().Length == 2, "the second command arrives");
    }

    private static Task RequestAsync(BusHost host) => host.Door.ExecuteAsync(
        new RequestTraining { TaskId = Ids.New("train"), Input = "digits", Output = "1000" }, new DoorCall { Actor = "ada", Grant = Grant.Platform, Door = Doors.Rest }, TestContext.Current.CancellationToken);
}
