using System.Net;
using EventMl.Contracts.Training;
using EventMl.Services.Tests.Platform;

namespace EventMl.Services.Tests.Access;

/// <summary>A re-drive is no way to act with another's rights.</summary>
[Collection(AccessTests.Name)]
public sealed class RedriveRightsTests(AccessFixture platform)
{
    private static readonly byte[] _broken = "{\"taskId\":"u8.ToArray();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Message_is_changed_only_by_who_may_do_everything()
    {
        var failure = await FailAsync(await platform.BusPrincipalAsync(Unique("sender"), "developer", "training"));
        var edit = new { reason = "mine now", body = """{"taskId":"train-00000000000000000000000000000002","name":"n"}""" };

        foreach (var (role, area) in new[] { (Bus.Role.Developer, "monitoring"), (Bus.Role.Admin, "monitoring") })
        {
            var refused = await platform.Rest.PostAsync($"/api/v1/failures/{failure}/retry", edit, AccessFixture.Bearer(await platform.KeyAsync(role, area)));
            refused.ShouldBeError(403, "FORBIDDEN");
        }

        (await platform.Rest.PostAsync($"/api/v1/failures/{failure}/retry", edit, AccessFixture.Bearer(platform.Root))).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Sender_who_lost_its_rights_gets_nothing_done_when_its_message_is_retried()
    {
        var sender = await platform.BusPrincipalAsync(Unique("gone"), "developer", "training");
        var failure = await FailAsync(sender);
        (await platform.Rest.PostAsync($"/api/v1/access/principals/{sender}/revoke", new { reason = "left" }, AccessFixture.Bearer(platform.Root))).ShouldBe(HttpStatusCode.OK);

        (await platform.Rest.PostAsync($"/api/v1/failures/{failure}/retry", new { reason = "again" }, AccessFixture.Bearer(await platform.KeyAsync(Bus.Role.Developer, "monitoring")))).ShouldBe(HttpStatusCode.OK);
        // It still cannot be read, so that it fails again before anybody asks for rights; what it could have asked for is refused below.
        await Eventually.TrueAsync(async () => (await ShowAsync(failure)).Number("failures") == 2, "it failed again");
        var wish = await platform.PublishAsync(typeof(RequestTraining), sender, """{"taskId":"train-00000000000000000000000000000003"}""");
        await Eventually.TrueAsync(async () => await platform.Database.ScalarAsync<string?>($"select max(data->>'Code') from ledger.mt_events where stream_id = 'training_task_refusal-{wish:D}'", Cancel) == "FORBIDDEN", "refused");
        (await platform.DenialsAsync(sender, nameof(RequestTraining))).ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Changed_message_has_the_rights_its_editor_has_when_it_arrives()
    {
        var editor = await platform.GrantAsync(Unique("editor"), "admin");
        var (_, key) = await platform.IssueAsync(editor);
        var failure = await FailAsync(await platform.BusPrincipalAsync(Unique("other"), "developer", "training"));

        (await platform.Rest.PostAsync($"/api/v1/failures/{failure}/retry", new { reason = "closed", body = """{"taskId":"train-00000000000000000000000000000004","name":"n","input":"none","output":"o"}""" }, AccessFixture.Bearer(key))).ShouldBe(HttpStatusCode.OK);
        await Eventually.TrueAsync(async () => (await ShowAsync(failure)).Text("state") == "resolved", "it was handled");

        var message = (await ShowAsync(failure)).Text("message_id");
        (await platform.Database.ScalarAsync<string>($"select max(headers->>'actor') from ledger.mt_events where stream_id = 'training_task_refusal-{message}'", Cancel)).ShouldBe(editor);
    }

    private static string Unique(string name) => PlatformFixture.Unique(name);

    private async Task<System.Text.Json.JsonElement> ShowAsync(string failure) => (await platform.Rest.GetAsync($"/api/v1/failures/{failure}", AccessFixture.Bearer(platform.Root))).Json;

    /// <summary>Has a message of the principal fail that nobody can read; returns the failure's id.</summary>
    private async Task<string> FailAsync(string principal)
    {
        var message = await platform.PublishAsync(typeof(RequestTraining), principal, System.Text.Encoding.UTF8.GetString(_broken));
        await Eventually.TrueAsync(async () => await platform.Database.ScalarAsync<bool>($"select exists(select from monitoring.failure where message_id = '{message}')", Cancel), "it failed");
        return Contracts.Ids.Named("fail", await platform.Database.ScalarAsync<Guid>($"select id from monitoring.failure where message_id = '{message}'", Cancel));
    }
}
