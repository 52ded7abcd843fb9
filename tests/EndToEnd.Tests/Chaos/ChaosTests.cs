using System.Diagnostics;
using System.Text.Json;
using EventMl.Contracts;
using EventMl.EndToEnd.Tests.Hosting;
using EventMl.Testing;

namespace EventMl.EndToEnd.Tests.Chaos;

/// <summary>A busy platform whose workers, broker and database are killed all the time; in the end the ledger must read as if nothing had happened.</summary>
public sealed class ChaosTests
{
    private const int Seed = 20261122;
    private const int Kills = 32;
    private const int Commands = 2000;
    private const int InFlight = 10;
    private const int Malformed = 40;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    private static readonly string[] Nonsense = ["{\"taskId\": \"train-1\", ", "[1, 2, 3]", "{\"taskId\": {\"a\": 1}}", "{\"timeoutSeconds\": \"soon\"}"];

    [Fact]
    [Trait("Category", "Deep")]
    public async Task Each_effect_is_in_the_ledger_once_when_workers_broker_and_database_are_killed_all_the_time()
    {
        var clock = Stopwatch.StartNew();
        await using var servers = await OwnServers.StartAsync();
        await using var platform = await Platform.CreateAsync(servers, 200, 50, ("EVENTML_JOB_LEASE_SECONDS", "5"), ("EVENTML_LEDGER_ANCHOR_SECONDS", "5"));
        using var tap = await BusTap.OpenAsync(platform.Broker);
        var hosts = new[] { await platform.StartAsync(), await platform.StartAsync() };
        await PrepareAsync(hosts[0]);
        var run = new ChaosRun(platform, servers, hosts, new ChaosPlan(Seed, Commands), new Random(Seed));

        await run.SendAllAsync(Kills, InFlight, Malformed, Nonsense);
        await run.SettleAsync(Limit - clock.Elapsed);

        var dead = await DeadLettersAsync(platform);
        var report = $"""
            {run.Kills.Count} kills ({string.Join(", ", run.Kills.GroupBy(k => k, StringComparer.Ordinal).Select(g => $"{g.Key} {g.Count()}"))}), at least {run.FewestInFlight} sagas in flight at each
            {run.Sent.Count} commands of {run.Sent.Select(c => c.Name).Distinct(StringComparer.Ordinal).Count()} kinds, {run.Duplicates} sent twice on purpose, {run.Repeated} again because no confirmation came, {Malformed} malformed
            events: {await ChaosAudit.CountsAsync(platform.Database, "type")}
            refusals: {await ChaosAudit.CountsAsync(platform.Database, "data->>'Code'", "type like '%rejected'")}
            failed tasks: {await ChaosAudit.CountsAsync(platform.Database, "data->'Error'->>'Code'", "type like '%\\_failed'")}
            attempts after the first: {await platform.Database.ScalarAsync<long>("select count(*) from ledger.mt_events where type like '%\\_started' and (data->>'Attempt')::int > 1", TestContext.Current.CancellationToken)}
            dead letters: {string.Join("; ", dead.Select(d => d.Reason).Distinct(StringComparer.Ordinal))}
            {clock.Elapsed.TotalSeconds:0} s
            """;
        TestContext.Current.TestOutputHelper?.WriteLine(report);

        (await ChaosAudit.FindingsAsync(platform.Database, run.Sent)).ShouldBeEmpty(report);
        dead.Select(d => d.MessageId).ShouldBe(run.Malformed, ignoreOrder: true, "what was malformed is a dead letter, once, and nothing else is");
        dead.ShouldAllBe(d => d.Reason.Length > 20);
        await tap.HasHeardAllAsync(platform.Database);
        using var user = new Rest(run.Hosts[0]);
        var verdict = await user.GetAsync("audit/verify");
        verdict.GetProperty("intact").GetBoolean().ShouldBeTrue(verdict.GetRawText());
        await DiscardAsync(platform, user, dead.Count);
        run.Kills.Count.ShouldBeGreaterThanOrEqualTo(30);
        run.FewestInFlight.ShouldBeGreaterThanOrEqualTo(InFlight);
        clock.Elapsed.ShouldBeLessThan(Limit, report);
    }

    private static async Task PrepareAsync(HostProcess host)
    {
        using var user = new Rest(host);
        await user.EndedAsync("ingestion-tasks", await user.IngestAsync("in", ChaosPlan.Dataset));
        await user.EndedAsync("training-tasks", await user.TrainAsync("first", ChaosPlan.Dataset, ChaosPlan.Model, new { epochs = 1, threads = 1 }));
    }

    private static async Task<IReadOnlyList<(Guid MessageId, string Reason)>> DeadLettersAsync(Platform platform)
    {
        await Wait.UntilAsync(async () => await platform.Database.ScalarAsync<long>("select count(*) from monitoring.failure", TestContext.Current.CancellationToken) >= Malformed, "the dead letters to be collected");
        await using var command = platform.Database.DataSource.CreateCommand("select message_id, reason from monitoring.failure");
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var letters = new List<(Guid, string)>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            letters.Add((reader.GetGuid(0), reader.GetString(1)));
        }

        return letters;
    }

    private static async Task DiscardAsync(Platform platform, Rest user, int count)
    {
        await using var client = new ChaosClient(platform.Broker);
        foreach (var group in (await user.GetAsync("failures/groups")).EnumerateArray())
        {
            var discard = new { group = group.GetProperty("id").GetString(), reason = "planted" };
            await client.SendAsync("eventml.monitoring.discard-failures", "", JsonSerializer.SerializeToUtf8Bytes(discard), Ids.New());
        }

        await Wait.UntilAsync(async () => await platform.Database.CountAsync("failure_discarded") == count, "the dead letters to be discarded");
    }
}
