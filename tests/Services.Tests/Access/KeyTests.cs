using System.Net;
using EventMl.Bus;
using EventMl.Contracts.Access;
using EventMl.Contracts.Training;
using EventMl.Host.Hosting;
using EventMl.Services.Tests.Platform;
using Microsoft.Extensions.DependencyInjection;

namespace EventMl.Services.Tests.Access;

/// <summary>The life of keys and principals over REST and on the bus: real servers, several processes.</summary>
[Collection(AccessTests.Name)]
public sealed class KeyTests(AccessFixture platform)
{
    private const string WhoAmI = "/api/v1/access/whoami";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Owner_of_a_key_is_known_by_it_and_by_no_other_name()
    {
        var ann = await platform.GrantAsync(Unique("ann"), "developer", ["training", "datasets"]);
        var (id, key) = await platform.IssueAsync(ann, new { role = "viewer", scopes = new[] { "training" } });

        var who = (await platform.Rest.GetAsync(WhoAmI, AccessFixture.Bearer(key))).Json;
        who.Text("actor").ShouldBe(ann);
        who.Text("role").ShouldBe("viewer");
        who.GetProperty("scopes").EnumerateArray().Select(s => s.GetString()).ShouldBe(["training"]);
        who.Text("key_id").ShouldBe(id);
        (await platform.Rest.GetAsync(WhoAmI, AccessFixture.Bearer(key), ("Actor", ann))).ShouldBe(HttpStatusCode.OK);
        (await platform.Rest.GetAsync(WhoAmI, AccessFixture.Bearer(key), ("Actor", "root"))).ShouldBeError(403, "FORBIDDEN");
    }

    [Fact]
    public async Task Nothing_is_told_to_who_has_no_secret_when_keys_are_wrong()
    {
        var bob = await platform.GrantAsync(Unique("bob"), "viewer");
        var (id, key) = await platform.IssueAsync(bob);
        var guessed = ApiKeySecret.Create(id).Reveal();
        var unknown = ApiKeySecret.Create("key-" + new string('0', 32)).Reveal();

        var wrong = await platform.Rest.GetAsync(WhoAmI, AccessFixture.Bearer(guessed));
        wrong.ShouldBeError(401, "UNAUTHENTICATED");
        wrong.Headers["WWW-Authenticate"].ShouldBe("Bearer");
        (await platform.Rest.GetAsync(WhoAmI, AccessFixture.Bearer(unknown))).Body.ShouldBe(wrong.Body);
        await RevokeAsync(id);
        (await platform.Rest.GetAsync(WhoAmI, AccessFixture.Bearer(guessed))).Body.ShouldBe(wrong.Body);
        (await platform.Rest.GetAsync(WhoAmI, AccessFixture.Bearer(key))).Body.ShouldContain("was revoked at");
        (await platform.Rest.GetAsync(WhoAmI, AccessFixture.Bearer(key[..^1] + (key[^1] == '0' ? '1' : '0')))).Body.ShouldContain("copied whole");
        (await platform.Rest.GetAsync(WhoAmI, ("Authorization", "Basic cm9vdDpyb290"))).ShouldBeError(401, "UNAUTHENTICATED");
    }

    [Fact]
    public async Task Revocation_holds_in_another_process_within_a_second()
    {
        var other = platform.Client(await platform.StartAsync(settings => settings with { Areas = new HashSet<string>([HostAreas.Models], StringComparer.Ordinal) }));
        var (id, key) = await platform.IssueAsync(await platform.GrantAsync(Unique("cid"), "viewer"));
        await Eventually.TrueAsync(async () => (await other.GetAsync("/api/v1/models", AccessFixture.Bearer(key))).Status == HttpStatusCode.OK, "the other process knows the key");

        var revoked = TimeProvider.System.GetTimestamp();
        await RevokeAsync(id);
        (await platform.Rest.GetAsync(WhoAmI, AccessFixture.Bearer(key))).ShouldBeError(401, "UNAUTHENTICATED");
        await Eventually.TrueAsync(async () => (await other.GetAsync("/api/v1/models", AccessFixture.Bearer(key))).Status == HttpStatusCode.Unauthorized, "the other process knows the revocation");
        // The goal is a second; a machine whose two cores build something else at the same time gets some more.
        TimeProvider.System.GetElapsedTime(revoked).ShouldBeLessThan(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Answer_that_goes_on_ends_when_its_key_is_revoked()
    {
        var (id, key) = await platform.IssueAsync(await platform.GrantAsync(Unique("dan"), "viewer"));
        using var client = new HttpClient { BaseAddress = platform.Rest.Address };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events");
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        using var events = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        await using var stream = await events.Content.ReadAsStreamAsync(Cancel);

        await RevokeAsync(id);

        var end = await Record.ExceptionAsync(async () => await stream.CopyToAsync(Stream.Null, Cancel).WaitAsync(TimeSpan.FromSeconds(60), Cancel));
        end.ShouldBeAssignableTo<IOException>("the connection was cut, not kept until the test gave up");
    }

    [Fact]
    public async Task Key_is_refused_once_it_has_expired()
    {
        var (_, key) = await platform.IssueAsync(await platform.GrantAsync(Unique("eve"), "viewer"), new { expires_at = TimeProvider.System.GetUtcNow().AddSeconds(3) });

        (await platform.Rest.GetAsync(WhoAmI, AccessFixture.Bearer(key))).ShouldBe(HttpStatusCode.OK);
        await Eventually.TrueAsync(async () => (await platform.Rest.GetAsync(WhoAmI, AccessFixture.Bearer(key))).Body.Contains("expired at", StringComparison.Ordinal), "it has expired");
        (await platform.Rest.PostAsync("/api/v1/access/keys", new { principal = "root", expires_at = "2020-01-01T00:00:00Z" }, AccessFixture.Bearer(platform.Root))).ShouldBeError(400, "INVALID_REQUEST");
    }

    [Fact]
    public async Task Keys_go_with_their_principal_and_do_not_come_back_with_it()
    {
        var fay = await platform.GrantAsync(Unique("fay"), "approver");
        var (first, one) = await platform.IssueAsync(fay);
        var (_, two) = await platform.IssueAsync(fay, new { role = "viewer" });

        await platform.GrantAsync(fay, "viewer", ["models"]);
        var lowered = (await platform.Rest.GetAsync(WhoAmI, AccessFixture.Bearer(one))).Json;
        lowered.Text("role").ShouldBe("viewer");
        lowered.GetProperty("scopes")[0].GetString().ShouldBe("models");

        (await platform.Rest.PostAsync($"/api/v1/access/principals/{fay}/revoke", new { reason = "left" }, AccessFixture.Bearer(platform.Root))).Json.Text("status").ShouldBe("revoked");
        await platform.GrantAsync(fay, "admin");
        foreach (var key in new[] { one, two })
        {
            (await platform.Rest.GetAsync(WhoAmI, AccessFixture.Bearer(key))).ShouldBeError(401, "UNAUTHENTICATED");
        }

        var shown = (await platform.Rest.GetAsync($"/api/v1/access/keys/{first}", AccessFixture.Bearer(platform.Root))).Json;
        shown.Text("status").ShouldBe("revoked");
        shown.Text("reason").ShouldBe("left");
        shown.Text("revoked_by").ShouldBe("root");
    }

    [Fact]
    public async Task Nobody_gives_away_more_than_it_has()
    {
        var keeper = await platform.GrantAsync(Unique("keeper"), "admin", ["access", "training"]);
        var (_, key) = await platform.IssueAsync(keeper);
        var gus = await platform.GrantAsync(Unique("gus"), "developer", ["training"]);

        (await platform.Rest.PostAsync("/api/v1/access/principals", new { principal = keeper, role = "admin" }, AccessFixture.Bearer(key))).ShouldBeError(403, "FORBIDDEN");
        (await platform.Rest.PostAsync("/api/v1/access/principals", new { principal = "root", role = "viewer", scopes = new[] { "training" } }, AccessFixture.Bearer(key))).ShouldBeError(403, "FORBIDDEN");
        (await platform.Rest.PostAsync("/api/v1/access/keys", new { principal = "root" }, AccessFixture.Bearer(key))).ShouldBeError(403, "FORBIDDEN");
        (await platform.Rest.PostAsync("/api/v1/access/keys", new { principal = gus, role = "admin" }, AccessFixture.Bearer(platform.Root))).ShouldBeError(400, "INVALID_REQUEST");
        (await platform.Rest.PostAsync("/api/v1/access/keys", new { principal = gus, scopes = new[] { "*" } }, AccessFixture.Bearer(platform.Root))).ShouldBeError(400, "INVALID_REQUEST");
        (await platform.Rest.PostAsync("/api/v1/access/principals", new { principal = Unique("hal"), role = "developer", scopes = new[] { "training" } }, AccessFixture.Bearer(key))).ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Secret_is_shown_once_and_stands_nowhere()
    {
        var ida = await platform.GrantAsync(Unique("ida"), "viewer");
        var first = await platform.Rest.PostAsync("/api/v1/access/keys", new { principal = ida }, AccessFixture.Bearer(platform.Root), ("Idempotency-Key", ida));
        var key = first.Json.Text("key")!;
        first.Headers["Cache-Control"].ShouldBe("no-store");
        (await platform.Rest.PostAsync("/api/v1/access/keys", new { principal = ida }, AccessFixture.Bearer(platform.Root), ("Idempotency-Key", ida))).ShouldBeError(409, "KEY_ALREADY_ISSUED");

        var secret = key.Split('_')[2][..64];
        foreach (var path in new[] { "/api/v1/access/keys?limit=1000", $"/api/v1/access/keys/{first.Json.Text("id")}", $"/api/v1/access/principals/{ida}" })
        {
            (await platform.Rest.GetAsync(path, AccessFixture.Bearer(platform.Root))).Body.ShouldNotContain(secret);
        }

        (await platform.Database.ScalarAsync<long>($"select count(*) from ledger.mt_events e where e::text like '%{secret}%'", Cancel)).ShouldBe(0);
        (await platform.Database.ScalarAsync<long>($"select count(*) from access.api_key_view v where v::text like '%{secret}%'", Cancel)).ShouldBe(0);
        ApiKeySecret.Parse(key)!.ToString().ShouldNotContain(secret);
    }

    [Fact]
    public async Task Past_is_told_when_a_moment_is_asked_for()
    {
        var jan = await platform.GrantAsync(Unique("jan"), "viewer");
        var position = await platform.Services.GetRequiredService<EventStore.Ledger>().HeadAsync(Cancel);
        await platform.GrantAsync(jan, "approver");

        (await platform.Rest.GetAsync($"/api/v1/access/principals/{jan}?as_of={position}", AccessFixture.Bearer(platform.Root))).Json.Text("role").ShouldBe("viewer");
        (await platform.Rest.GetAsync($"/api/v1/access/principals/{jan}", AccessFixture.Bearer(platform.Root))).Json.Text("role").ShouldBe("approver");
    }

    [Fact]
    public async Task Account_on_the_broker_speaks_for_one_principal_and_strangers_for_nobody()
    {
        var kim = await platform.BusPrincipalAsync(Unique("kim"), "viewer", "*");
        await platform.AddUserAsync("stranger");
        var user = (await platform.Rest.GetAsync($"/api/v1/access/principals/{kim}", AccessFixture.Bearer(platform.Root))).Json.GetProperty("broker_users")[0].GetString()!;
        (await platform.Rest.PostAsync("/api/v1/access/principals", new { principal = Unique("lea"), role = "viewer", broker_users = new[] { user } }, AccessFixture.Bearer(platform.Root)))
            .ShouldBeError(409, "BROKER_USER_TAKEN");

        var forbidden = await platform.PublishAsync(typeof(RequestTraining), kim, """{"taskId":"train-00000000000000000000000000000001"}""");
        var strange = await platform.PublishAsync(typeof(RequestTraining), "stranger");
        await Eventually.TrueAsync(async () => await platform.Database.ScalarAsync<string?>($"select max(data->>'Code') from ledger.mt_events where stream_id = 'training_task_refusal-{forbidden:D}'", Cancel) == "FORBIDDEN", "refused as forbidden");
        await Eventually.TrueAsync(async () => await platform.Database.ScalarAsync<string?>($"select max(reason) from monitoring.failure where message_id = '{strange}'", Cancel) is { } reason
            && reason.Contains("speaks for no principal", StringComparison.Ordinal), "a dead letter");
        (await platform.Database.ScalarAsync<long>($"select count(*) from ledger.mt_events where stream_id like '%{strange:D}'", Cancel)).ShouldBe(0);
    }

    [Fact]
    public async Task Bus_takes_a_key_whose_secret_its_owner_has_made()
    {
        var admin = await platform.BusPrincipalAsync(Unique("mia"), "admin", "*");
        var secret = ApiKeySecret.Create(Contracts.Ids.New(ApiKeySecret.IdPrefix));

        await platform.PublishAsync(typeof(IssueApiKey), admin, $$"""{"keyId":"{{secret.KeyId}}","principal":"{{admin}}","role":"viewer","secretSha256":"{{secret.Sha256}}"}""");

        await Eventually.TrueAsync(async () => (await platform.Rest.GetAsync(WhoAmI, AccessFixture.Bearer(secret.Reveal()))).Status == HttpStatusCode.OK, "the key is good");
    }

    private static string Unique(string name) => PlatformFixture.Unique(name);

    private async Task RevokeAsync(string id) =>
        (await platform.Rest.PostAsync($"/api/v1/access/keys/{id}/revoke", new { reason = "test" }, AccessFixture.Bearer(platform.Root))).Json.Text("status").ShouldBe("revoked");
}
