using EventMl.EndToEnd.Tests.Hosting;
using EventMl.Testing;

namespace EventMl.EndToEnd.Tests;

/// <summary>A broker that is impatient with its consumers does not see long work at all.</summary>
public sealed class ConsumerTimeoutTests
{
    private const string LongScript = """
        import time

        def run(input_path, output_path, params, job):
            end = time.monotonic() + 180
            while time.monotonic() < end:
                job.check_cancelled()
                time.sleep(0.5)
            raise ValueError("three minutes are over")
        """;

    [Fact]
    [Trait("Category", "Deep")]
    public async Task A_job_of_three_minutes_is_done_in_one_attempt_when_the_broker_allows_a_delivery_one()
    {
        // The database is the run's.
        await using var servers = await OwnServers.StartAsync(
            ("EVENTML_RABBITMQ_CONSUMER_TIMEOUT_MS", "60000"), ("EVENTML_POSTGRES", Environment.GetEnvironmentVariable("EVENTML_POSTGRES")));
        await using var platform = await Platform.CreateAsync(100, 50, new Uri(servers.RabbitMq));
        await File.WriteAllTextAsync(Path.Combine(platform.Scripts, "long.py"), LongScript, TestContext.Current.CancellationToken);
        var host = await platform.StartAsync();
        using var user = new Rest(host);
        await user.EndedAsync("ingestion-tasks", await user.IngestAsync("in", "small"));
        var task = await user.PostAsync("training-tasks", new { name = "long", input = "small", output = "m", script = "long.py" });

        var ended = await user.EndedAsync("training-tasks", task, "failed", TimeSpan.FromMinutes(6));

        ended.GetRawText().ShouldContain("three minutes are over");
        (await platform.Database.EventsAsync("training_started")).ShouldHaveSingleItem().Attempt.ShouldBe(1);
        (await platform.Database.EventsAsync("training_failed")).ShouldHaveSingleItem().Attempt.ShouldBe(1);
        // The broker is still on good terms with every consumer: what comes next is done at once.
        await user.EndedAsync("training-tasks", await user.TrainAsync("next", "small", "m", new { epochs = 1, threads = 1 }));
    }
}
