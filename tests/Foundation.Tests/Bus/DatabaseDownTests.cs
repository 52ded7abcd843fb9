using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Testing;
using Npgsql;
using RabbitMQ.Client;

namespace EventMl.Foundation.Tests.Bus;

/// <summary>A database of its own, because it gets stopped.</summary>
public sealed class DatabaseDownTests
{
    private const string Exchange = "eventml.training.request-training";

    [Fact]
    public Task No_message_dies_when_the_database_is_away_and_a_worker_ends_meanwhile() => RunAsync(TimeSpan.FromSeconds(5), restartHost: true);

    [Fact]
    [Trait("Category", "Deep")]
    public Task No_message_dies_when_the_database_is_away_for_more_than_a_minute_under_load() => RunAsync(TimeSpan.FromSeconds(70), restartHost: false);

    private static async Task RunAsync(TimeSpan outage, bool restartHost)
    {
        // The broker is the run's.
        await using var servers = await OwnServers.StartAsync(("EVENTML_RABBITMQ", Environment.GetEnvironmentVariable("EVENTML_RABBITMQ")));
        var postgres = servers.Postgres;
        await using (var dataSource = NpgsqlDataSource.Create(postgres))
        {
            await BusHost.DeclareAsync(dataSource);
        }

        await using var broker = await TestBroker.CreateAsync(TestContext.Current.CancellationToken);
        // So few tries that only waiting for the database can save a message.
        var options = BusHost.Options("rabbitmq", broker.Address) with { RetryLimit = 3 };
        await BusSetup.DeclareAsync(options, BusHost.Register, [typeof(Ids).Assembly], cancellationToken: TestContext.Current.CancellationToken);
        var host = await BusHost.StartAsync(postgres, options);
        await using var client = await AmqpClient.ConnectAsync(broker.Address);
        var sent = await LoadAsync(client, 0, TimeSpan.FromSeconds(1));
        await servers.StopAsync("postgres");
        sent = await LoadAsync(client, sent, outage / 2);
        if (restartHost)
        {
            await host.DisposeAsync();
        }

        sent = await LoadAsync(client, sent, outage / 2);
        // A worker that starts meanwhile waits.
        var starting = restartHost ? BusHost.StartAsync(postgres, options) : Task.FromResult(host);
        await Task.WhenAny(starting, Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken));
        await servers.StartAsync("postgres");
        host = await starting;
        await using (host)
        {
            await using var database = NpgsqlDataSource.Create(postgres);
            var count = 0L;
            await BusHost.UntilAsync(
                async () =>
                {
                    await NoDeadLettersAsync(broker);
                    count = await database.CountAsync("training.inbox where consumer = 'training-run-training'");
                    return count == sent;
                },
                $"all {sent} are handled", TimeSpan.FromSeconds(120));

            (await database.CountAsync("ledger.mt_events where type = 'training_requested'")).ShouldBe(sent);
            (await database.CountAsync("training.inbox where consumer = 'training-request-training'")).ShouldBe(sent);
            (await database.CountAsync("ledger.mt_events")).ShouldBe(sent, "one event each and no refusal");
        }

        await NoDeadLettersAsync(broker);
    }

    // Such queues are made for their first message.
    private static async Task NoDeadLettersAsync(TestBroker broker)
    {
        foreach (var queue in (await broker.QueuesAsync(TestContext.Current.CancellationToken)).Where(q => q.Name.EndsWith("_error", StringComparison.Ordinal)))
        {
            await using var client = await AmqpClient.ConnectAsync(broker.Address);
            var headers = (await client.GetAsync(queue.Name)).BasicProperties.Headers!;
            Assert.Fail($"{queue.Name}: {Text("MT-Fault-ExceptionType")} {Text("MT-Fault-Message")}\n{Text("MT-Fault-StackTrace")}");
            string Text(string name) => System.Text.Encoding.UTF8.GetString((byte[])headers[name]!);
        }
    }

    private static async Task<int> LoadAsync(AmqpClient client, int sent, TimeSpan time)
    {
        var start = TimeProvider.System.GetTimestamp();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        do
        {
            await client.PublishAsync(
                Exchange, $$"""{"taskId":"train-{{sent++}}","input":"digits","output":"1000"}""", new BasicProperties { ContentType = "application/json", MessageId = Ids.New().ToString("D"), Persistent = true });
        }
        while (await pace.WaitForNextTickAsync(TestContext.Current.CancellationToken) && TimeProvider.System.GetElapsedTime(start) < time);
        return sent;
    }
}
