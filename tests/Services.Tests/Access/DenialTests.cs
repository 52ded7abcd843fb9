using System.Net;
using EventMl.Bus;
using EventMl.Contracts.Training;
using EventMl.Host.Hosting;
using EventMl.Services.Tests.Platform;

namespace EventMl.Services.Tests.Access;

/// <summary>What is denied is on record, and a client in a loop cannot fill the record.</summary>
[Collection(AccessTests.Name)]
public sealed class DenialTests(AccessFixture platform)
{
    private const int Many = 5000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Few_events_tell_the_right_number_when_a_client_is_denied_in_a_loop()
    {
        var loop = await platform.GrantAsync(PlatformFixture.Unique("loop"), "viewer", ["training"]);
        var (_, key) = await platform.IssueAsync(loop);

        await Parallel.ForAsync(0, Many, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancel }, async (_, _) =>
            (await platform.Rest.PostAsync("/api/v1/training-tasks", new { name = "n" }, AccessFixture.Bearer(key))).Status.ShouldBe(HttpStatusCode.Forbidden));

        await Eventually.TrueAsync(async () => await TotalAsync(loop) == Many, $"{Many} denials are told");
        var events = await platform.Database.ScalarAsync<long>($"select count(*) from ledger.mt_events where stream_id like 'access_denial-%' and data->>'Principal' = '{loop}'", Cancel);
        // One at once, then at most one a second while the loop runs.
        events.ShouldBeInRange(2, 120);
        (await platform.DenialsAsync(loop, "POST /api/v1/training-tasks")).ShouldBe(1);
        (await platform.Database.ScalarAsync<string>($"select string_agg(distinct headers->>'actor', ',') from ledger.mt_events where stream_id like 'access_denial-%' and data->>'Principal' = '{loop}'", Cancel)).ShouldBe(loop);
    }

    [Fact]
    public async Task Nothing_enters_the_ledger_when_nobody_vouches_for_the_caller()
    {
        var before = await CountAsync();
        for (var i = 0; i < 50; i++)
        {
            (await platform.Rest.GetAsync("/api/v1/models", AccessFixture.Bearer(ApiKeySecret.Create(Contracts.Ids.New("key")).Reveal()))).ShouldBeError(401, "UNAUTHENTICATED");
        }

        (await CountAsync()).ShouldBe(before);
        (await platform.Rest.GetAsync("/metrics")).Body.ShouldContain("eventml_access_unauthenticated_total{door=\"rest\"}");
    }

    [Fact]
    public async Task Local_caller_without_a_key_has_the_role_of_the_setting_and_no_principals_name()
    {
        var app = await platform.StartAsync(settings => settings with { Access = settings.Access with { AnonymousRole = Role.Developer }, Areas = new HashSet<string>([HostAreas.Models, HostAreas.Access], StringComparer.Ordinal) });
        var local = platform.Client(app);
        var nan = await platform.GrantAsync(PlatformFixture.Unique("nan"), "admin");

        (await local.GetAsync("/api/v1/models", ("Actor", "somebody"))).ShouldBe(HttpStatusCode.OK);
        (await local.PostAsync("/api/v1/models/none/promote", new { }, ("Actor", "somebody"))).ShouldBeError(403, "FORBIDDEN");
        await Eventually.TrueAsync(async () => await platform.DenialsAsync("anonymous", "POST /api/v1/models/{id}/promote") >= 1, "denied to nobody by name");
        await Eventually.TrueAsync(async () => (await local.GetAsync("/api/v1/models", ("Actor", nan))).Status == HttpStatusCode.Unauthorized, "a principal's name needs its key");
        (await local.GetAsync("/api/v1/models", ("X-Forwarded-For", "10.1.2.3"))).ShouldBeError(401, "UNAUTHENTICATED");
        (await local.GetAsync("/api/v1/models", ("Host", "evil.example"))).ShouldBeError(401, "UNAUTHENTICATED");
    }

    private Task<long> TotalAsync(string principal) => platform.Database.ScalarAsync<long>(
        $"select coalesce(sum(case when type = 'access_denied' then 1 else (data->>'Count')::bigint end), 0)::bigint from ledger.mt_events where stream_id like 'access_denial-%' and data->>'Principal' = '{principal}'", Cancel);

    private Task<long> CountAsync() => platform.Database.ScalarAsync<long>("select count(*) from ledger.mt_events where type in ('access_denied', 'denials_counted')", Cancel);
}
