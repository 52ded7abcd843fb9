using System.Text.Json;
using EventMl.Contracts;
using EventMl.EndToEnd.Tests.Hosting;
using RabbitMQ.Client;

namespace EventMl.EndToEnd.Tests;

/// <summary>A chain of commands through bus, ledger, outbox and bus again, while the workers on it are killed at any moment.</summary>
public sealed class WorkerKillTests
{
    private const int Kills = 100;
    private const int CommandsPerKill = 20;
    private const int Commands = Kills * CommandsPerKill;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    // Every retried message is itself a command that discards another failure: fetched, decided, sent, fetched, decided, published.
    [Fact]
    [Trait("Category", "Deep")]
    public async Task Every_effect_is_in_the_ledger_once_and_published_when_workers_are_killed_a_hundred_times()
    {
        await using var platform = await Platform.CreateAsync(10, 10);
        using var tap = await BusTap.OpenAsync(platform.Broker);
        var (retried, discarded) = (NewIds(), NewIds());
        await FailureSeeds.AddAsync(platform, discarded, id => (new { failureId = "fail-" + id.ToString("N") }, "nowhere"));
        await FailureSeeds.AddAsync(platform, retried, id => (new { failureId = Name(discarded[Array.IndexOf(retried, id)]), reason = "chaos" }, "monitoring-discard-failure"));
        await using var connection = await new ConnectionFactory { Uri = platform.Broker }.CreateConnectionAsync(TestContext.Current.CancellationToken);
        await using var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), TestContext.Current.CancellationToken);
        // The same kills at the same moments in every run, as far as two cores allow.
        var random = new Random(20261122);
        var workers = new[] { await platform.StartAsync("monitoring"), await platform.StartAsync("monitoring") };
        for (var kill = 0; kill < Kills; kill++)
        {
            foreach (var id in retried.AsSpan(kill * CommandsPerKill, CommandsPerKill).ToArray())
            {
                await RetryAsync(channel, id);
                if (random.Next(5) == 0)
                {
                    await RetryAsync(channel, id);
                }
            }

            var before = await HandledAsync(platform);
            var step = random.Next(CommandsPerKill);
            await Wait.UntilAsync(async () => await HandledAsync(platform) > before + step || await HandledAsync(platform) >= 2 * CommandsPerKill * (kill + 1), "the workers go on", Limit);
            var victim = random.Next(2);
            await workers[victim].KillAsync();
            workers[victim] = platform.Begin("monitoring");
        }

        await Wait.UntilAsync(async () => await platform.Database.CountAsync("failure_resolved") == Commands, $"everything is resolved\n{platform.Logs}", Limit);
        await platform.Database.AtRestAsync();

        var events = await platform.Database.EventsAsync();
        events.GroupBy(e => e.Type, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal).ShouldBe(
            new Dictionary<string, int>(StringComparer.Ordinal) { ["failure_retried"] = Commands, ["failure_discarded"] = Commands, ["failure_resolved"] = Commands }, ignoreOrder: true);
        events.Where(e => e.Type != "failure_resolved").Select(e => e.Stream).ShouldBeUnique();
        (await HandledAsync(platform)).ShouldBe(2 * Commands);
        (await platform.Database.ScalarAsync<long>("select count(*) from monitoring.failure", TestContext.Current.CancellationToken)).ShouldBe(2 * Commands, "no kill made a dead letter");
        await tap.HasHeardAllAsync(platform.Database);
        TestContext.Current.TestOutputHelper?.WriteLine($"{Kills} kills, {Commands} commands, {events.Count} events");
    }

    private static Guid[] NewIds() => [.. Enumerable.Range(0, Commands).Select(_ => Ids.New())];

    private static string Name(Guid id) => Ids.Named("fail", id);

    private static ValueTask RetryAsync(IChannel channel, Guid id) => channel.BasicPublishAsync(
        "eventml.monitoring.retry-failure", "", mandatory: true,
        new BasicProperties { ContentType = "application/json", MessageId = Ids.Derive("test", id.ToString()).ToString("D"), Persistent = true },
        JsonSerializer.SerializeToUtf8Bytes(new { failureId = Name(id), reason = "chaos" }), TestContext.Current.CancellationToken);

    private static async Task<long> HandledAsync(Platform platform) => await platform.Database.ScalarAsync<long>("select count(*) from monitoring.inbox", TestContext.Current.CancellationToken);
}
