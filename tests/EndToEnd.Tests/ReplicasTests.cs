using System.Globalization;
using System.Net;
using System.Text.Json;
using EventMl.Contracts;
using EventMl.Contracts.Monitoring;
using EventMl.EndToEnd.Tests.Hosting;
using EventMl.EventStore;
using NpgsqlTypes;

namespace EventMl.EndToEnd.Tests;

/// <summary>Two hosts do everything together; the one that leads is stopped, continued and killed.</summary>
public sealed class ReplicasTests
{
    private const int PerRound = 40;
    private static readonly string[] Leaders = ["sequencer", "relay", "queues"];
    private static readonly TimeSpan TakeOver = TimeSpan.FromSeconds(5);

    // Every row of the outbox asks for a retry, which sends a command that discards another failure: all dispatchers have work.
    [Fact]
    [Trait("Category", "Deep")]
    public async Task Another_leads_within_five_seconds_and_every_effect_happens_once_when_the_leader_is_stopped_continued_and_killed()
    {
        await using var platform = await Platform.CreateAsync(10, 10);
        using var tap = await BusTap.OpenAsync(platform.Broker);
        var (retried, discarded, probes) = (NewIds(3 * PerRound), NewIds(3 * PerRound), NewIds(3));
        await FailureSeeds.AddAsync(platform, [.. discarded, .. probes], id => (new { failureId = Name(id) }, "nowhere"));
        await FailureSeeds.AddAsync(platform, retried, id => (new { failureId = Name(discarded[Array.IndexOf(retried, id)]), reason = "chaos" }, "monitoring-discard-failure"));
        var first = await platform.StartAsync("monitoring,sagas");
        await Wait.UntilAsync(async () => await LeadsAsync(platform, first), "the first host to lead");
        var second = await platform.StartAsync("monitoring,sagas");
        (await LeadsAsync(platform, first)).ShouldBeTrue("a second host takes nothing away");

        // In the middle of its work, with messages and rows in its hands.
        await AskAsync(platform, retried[..PerRound]);
        await Wait.UntilAsync(async () => await HandledAsync(platform) > PerRound / 4, "the work to begin");
        first.Stop();
        var stoppedFor = await TakenOverAsync(platform, second, probes[0]);
        await AskAsync(platform, retried[PerRound..(2 * PerRound)]);
        await Wait.UntilAsync(async () => await platform.Database.ScalarAsync<long>("select count(*) from sagas.outbox", TestContext.Current.CancellationToken) == 0, "the other dispatcher to send everything");
        first.Continue();
        await DoneAsync(platform, 2 * PerRound);
        (await LeadsAsync(platform, second)).ShouldBeTrue("the one that was stopped does not lead on");

        await AskAsync(platform, retried[(2 * PerRound)..]);
        await Wait.UntilAsync(async () => await HandledAsync(platform) > 2 * 2 * PerRound + (PerRound / 4), "the work to begin");
        await second.KillAsync();
        var killedFor = await TakenOverAsync(platform, first, probes[1]);
        await DoneAsync(platform, 3 * PerRound);
        await platform.Database.AtRestAsync();

        var events = await platform.Database.EventsAsync();
        events.GroupBy(e => e.Type, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal).ShouldBe(
            new Dictionary<string, int>(StringComparer.Ordinal) { ["failure_retried"] = 3 * PerRound, ["failure_discarded"] = (3 * PerRound) + 2, ["failure_resolved"] = 3 * PerRound }, ignoreOrder: true);
        events.Select(e => e.Position).Order().ShouldBe(Enumerable.Range(1, events.Count).Select(p => (long)p), "positions are dense");
        await tap.HasHeardAllAsync(platform.Database);
        TestContext.Current.TestOutputHelper?.WriteLine($"taken over {stoppedFor.TotalSeconds:F1} s after the stop, {killedFor.TotalSeconds:F1} s after the kill");
    }

    private static Guid[] NewIds(int count) => [.. Enumerable.Range(0, count).Select(_ => Ids.New())];

    private static string Name(Guid id) => Ids.Named("fail", id);

    private static async Task<bool> LeadsAsync(Platform platform, HostProcess host) => await platform.Database.ScalarAsync<long>(
        $"select count(*) from ledger.eml_lease where name in ('{string.Join("','", Leaders)}') and split_part(owner, ':', 2) = '{host.Id}' and expires_at > clock_timestamp()",
        TestContext.Current.CancellationToken) == Leaders.Length;

    /// <summary>Until the next leader has placed and published an event that was appended without the last one.</summary>
    private static async Task<TimeSpan> TakenOverAsync(Platform platform, HostProcess next, Guid probe)
    {
        var since = TimeProvider.System.GetTimestamp();
        using var user = new Rest(next);
        await user.PostAsync($"failures/{Name(probe)}/discard", new { reason = "probe" }, HttpStatusCode.OK);
        await Wait.UntilAsync(
            async () => await platform.Database.ScalarAsync<bool>(
                $"""
                select coalesce((select p.position <= f.position from ledger.mt_events e join ledger.eml_position p using (seq_id), ledger.eml_follower f
                where e.stream_id = 'failure-{Name(probe)}' and f.name = 'relay'), false)
                """,
                TestContext.Current.CancellationToken) && await LeadsAsync(platform, next),
            $"the other host to lead\n{platform.Logs}");
        var taken = TimeProvider.System.GetElapsedTime(since);
        taken.ShouldBeLessThan(TakeOver);
        return taken;
    }

    private static async Task AskAsync(Platform platform, Guid[] ids)
    {
        await using var insert = platform.Database.DataSource.CreateCommand(
            """
            insert into sagas.outbox(id, kind, saga_id, deliver_at, message_type, body, headers)
            select gen_random_uuid(), 'test', id, now() - interval '1 second', $2, jsonb_build_object('FailureId', name, 'Reason', 'chaos'), $3 from unnest($1, $4) as f(id, name)
            """);
        insert.Parameters.Add(new() { Value = ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
        insert.Parameters.AddWithValue(EventTypes.DotnetName(typeof(RetryFailure)));
        insert.Parameters.Add(new() { Value = JsonSerializer.Serialize(new { Actor = "saga:test", Correlation = Ids.New().ToString("D", CultureInfo.InvariantCulture) }), NpgsqlDbType = NpgsqlDbType.Jsonb });
        insert.Parameters.Add(new() { Value = ids.Select(Name).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        await insert.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private static Task DoneAsync(Platform platform, int count) => Wait.UntilAsync(
        async () => await platform.Database.CountAsync("failure_resolved") == count, $"{count} to be resolved\n{platform.Logs}");

    private static async Task<long> HandledAsync(Platform platform) =>
        await platform.Database.ScalarAsync<long>("select count(*) from monitoring.inbox", TestContext.Current.CancellationToken);
}
