using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.Testing;
using Npgsql;

namespace EventMl.Foundation.Tests.Bus;

/// <summary>Three nodes of RabbitMQ with quorum queues; nodes die under load.</summary>
public sealed class ClusterTests
{
    private static readonly TimeSpan MayBeSilent = TimeSpan.FromSeconds(10);

    [Fact]
    [Trait("Category", "Deep")]
    public async Task Publishing_goes_on_and_nothing_is_lost_when_a_node_and_then_the_leading_node_die_and_return_under_load()
    {
        await using var servers = await OwnServers.StartAsync(rabbitMqNodes: 3);
        var options = BusHost.Options("rabbitmq", null) with { Address = servers.RabbitMq, Quorum = true };
        await using var database = NpgsqlDataSource.Create(servers.Postgres);
        await BusHost.DeclareAsync(database);
        await BusSetup.DeclareAsync(options, BusHost.Register, [typeof(Ids).Assembly], TestContext.Current.CancellationToken);
        var hosts = new[] { await BusHost.StartAsync(servers.Postgres, options), await BusHost.StartAsync(servers.Postgres, options) };
        await using var first = hosts[0];
        await using var second = hosts[1];
        await using var load = CommandLoad.Start(servers.RabbitMq);
        await load.MoreAsync(100);
        var leader = await LeaderAsync(servers);
        var follower = leader == "rabbitmq-2" ? "rabbitmq-3" : "rabbitmq-2";

        foreach (var victim in new[] { follower, leader })
        {
            servers.Kill(victim);
            await load.MoreAsync(200);
            await HandledAsync(database, load, "everything sent so far is handled without the node");
            await servers.StartAsync(victim);
            await load.MoreAsync(100);
        }

        await load.EndAsync();
        await HandledAsync(database, load, "everything is handled");
        load.LongestSilence.ShouldBeLessThan(MayBeSilent);
        var sent = load.TaskIds;
        (await database.CountAsync("ledger.mt_events where type = 'training_requested'")).ShouldBe(sent.Count);
        (await database.CountAsync("ledger.mt_events")).ShouldBe(sent.Count, "one event each and no refusal");
        (await database.CountAsync("sagas.saga")).ShouldBe(sent.Count);
        (await database.CountAsync("sagas.outbox")).ShouldBe(sent.Count, "each has its deadline and nothing else waits");
        var run = hosts.SelectMany(h => h.Seen.Of<RunTraining>()).GroupBy(r => r.TaskId, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        run.Keys.ShouldBe(sent, ignoreOrder: true);
        (await database.CountAsync("bus.queue where lost_at is not null")).ShouldBe(0, "no queue was taken for a new one");
        (await MessagesInDeadLettersAsync(servers)).ShouldBe(0);
        TestContext.Current.TestOutputHelper?.WriteLine($"{sent.Count} commands, leader {leader}, longest silence {load.LongestSilence.TotalSeconds:F1} s");
    }

    private static async Task HandledAsync(NpgsqlDataSource database, CommandLoad load, string what)
    {
        var sent = load.Confirmed;
        // Three nodes and two hosts share two cores with whatever else is tested.
        var limit = TimeSpan.FromSeconds(240);
        await database.UntilAsync("training.inbox where consumer = 'training-run-training'", sent, what, limit, orMore: true);
        await database.UntilAsync("watching.inbox where consumer = 'watching-on-training-requested'", sent, what, limit, orMore: true);
    }

    // All queues were declared over one connection, so they have one leader.
    private static async Task<string> LeaderAsync(OwnServers servers)
    {
        var node = (await servers.QueuesAsync("leader"))["training-request-training"].GetString()!;
        var number = node["eventml".Length..node.IndexOf('@', StringComparison.Ordinal)];
        return number == "1" ? "rabbitmq" : $"rabbitmq-{number}";
    }

    private static async Task<long> MessagesInDeadLettersAsync(OwnServers servers) =>
        (await servers.QueuesAsync("messages"))
            .Where(q => q.Key.EndsWith("_error", StringComparison.Ordinal) || q.Key.EndsWith("_skipped", StringComparison.Ordinal))
            .Sum(q => q.Value.GetInt64());
}
