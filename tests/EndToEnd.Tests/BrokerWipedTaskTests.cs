using EventMl.EndToEnd.Tests.Hosting;
using EventMl.Testing;

namespace EventMl.EndToEnd.Tests;

/// <summary>The main job on a RabbitMQ that loses everything while it runs.</summary>
public sealed class BrokerWipedTaskTests
{
    [Fact]
    [Trait("Category", "Deep")]
    public async Task A_training_task_completes_when_the_broker_is_wiped_in_its_middle()
    {
        await using var servers = await OwnServers.StartAsync();
        await using var platform = await Platform.CreateAsync(2000, broker: new Uri(servers.RabbitMq));
        var host = await platform.StartAsync();
        using var user = new Rest(host);
        await user.EndedAsync("ingestion-tasks", await user.IngestAsync("in", "small"));
        var task = await user.TrainAsync("tr", "small", "cnn", new { epochs = 3, threads = 1, seed = 7 }, Rest.Cnn);
        await Wait.UntilAsync(async () => await platform.Database.CountAsync("epoch_completed") > 0, "an epoch");

        await servers.StopAsync("rabbitmq", wipe: true);
        // Ended while nobody can be told: all that follows has to come out of the ledger.
        await Wait.UntilAsync(async () => await platform.Database.CountAsync("model_trained") > 0, "the model to be trained");
        await servers.StartAsync("rabbitmq");

        await user.EndedAsync("training-tasks", task);
        await user.JudgedAsync("cnn");
        await platform.Database.AtRestAsync();
        foreach (var once in new[] { "training_requested", "model_trained", "model_registered", "training_completed" })
        {
            (await platform.Database.CountAsync(once)).ShouldBe(1, once);
        }

        host.HasLogged("had been deleted").ShouldBeTrue("the host says what it mended");
    }
}
