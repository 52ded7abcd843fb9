using System.Net;
using System.Security.Cryptography;
using System.Text;
using EventMl.Contracts;
using EventMl.Contracts.Monitoring;
using EventMl.Services.Tests.Platform;
using RabbitMQ.Client;

namespace EventMl.Services.Tests.Monitoring;

/// <summary>Messages fail, are listed, and find their way back: real RabbitMQ and PostgreSQL, by REST.</summary>
public sealed class RedriveTests
{
    private static readonly (string, string) Ada = ("Actor", "ada");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Message_is_handled_once_under_its_own_identity_when_it_is_retried(bool quorum)
    {
        await using var scenario = await MonitoringScenario.StartedAsync(quorum);
        var id = (await scenario.FailAsync("train-1"))[0];
        var failed = (await scenario.Rest.GetAsync($"/api/v1/failures/{id}")).Json;
        failed.Text("state").ShouldBe("failed");
        failed.Text("queue").ShouldBe(MonitoringScenario.Queue);
        failed.Text("exception_type").ShouldBe("System.InvalidOperationException");
        failed.Text("reason").ShouldBe("Task 'train-1' hit a defect.");
        failed.Text("stack")!.ShouldContain("RunTrainingHandler");
        failed.Text("body").ShouldBe("""{"taskId":"train-1"}""");
        failed.Text("content_type").ShouldBe("application/json");

        scenario.Receiver.Broken = false;
        var answer = await scenario.Rest.PostAsync($"/api/v1/failures/{id}/retry", new { reason = "the defect is gone" }, Ada);
        answer.ShouldBe(HttpStatusCode.OK);
        await scenario.UntilStateAsync(id, "resolved");

        (await scenario.Broker.QueuesAsync(TestContext.Current.CancellationToken)).ShouldAllBe(q => q.Durable && q.Type == (quorum ? "quorum" : "classic"));
        scenario.Receiver.Handled.ShouldBe([("train-1", "anonymous", Guid.Parse(failed.Text("message_id")!))]);
        var decisions = await scenario.DecisionsAsync(id);
        decisions[0].ShouldBeOfType<FailureRetried>().Reason.ShouldBe("the defect is gone");
        ((FailureRetried)decisions[0]!).BodySha256.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(MonitoringScenario.Json("train-1"))));
        decisions[1].ShouldBeOfType<FailureResolved>();
        (await scenario.Database.ScalarAsync<string>($"select string_agg(headers->>'actor', ',' order by version) from ledger.mt_events where stream_id = 'failure-{id}'", TestContext.Current.CancellationToken))
            .ShouldBe("ada,worker:monitoring");
        (await scenario.Rest.PostAsync($"/api/v1/failures/{id}/retry", new { reason = "again" })).ShouldBeError(409, "FAILURE_NOT_OPEN");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Failure_keeps_its_row_when_the_message_fails_again(bool quorum)
    {
        await using var scenario = await MonitoringScenario.StartedAsync(quorum);
        var id = (await scenario.FailAsync("train-1"))[0];

        await scenario.Rest.PostAsync($"/api/v1/failures/{id}/retry", new { reason = "perhaps" });
        var again = await scenario.Rest.UntilAsync($"/api/v1/failures/{id}", f => f.Number("failures") == 2);

        again.Text("state").ShouldBe("failed");
        again.Number("redrives").ShouldBe(1);
        again.Time("last_failed_at").ShouldBeGreaterThan(again.Time("first_failed_at"));
        (await scenario.ListAsync()).ShouldHaveSingleItem();
        (await scenario.DecisionsAsync(id)).Select(e => e!.GetType()).ShouldBe([typeof(FailureRetried), typeof(FailureReturned)]);
        scenario.Receiver.Handled.ShouldBeEmpty();
    }

    [Fact]
    public async Task Cause_is_retried_or_discarded_as_a_whole_and_the_rest_with_all()
    {
        await using var scenario = await MonitoringScenario.StartedAsync();
        await scenario.FailAsync("train-1", "train-2", "train-3");
        var channel = await scenario.ConnectAsync();
        await MonitoringScenario.PublishAsync(channel, "{"u8.ToArray(), new BasicProperties { ContentType = "application/json", MessageId = Ids.New().ToString("D") });
        await MonitoringScenario.PublishAsync(channel, "{"u8.ToArray(), new BasicProperties { ContentType = "application/json", MessageId = Ids.New().ToString("D") });
        await scenario.UntilListedAsync(5);

        var groups = (await scenario.Rest.GetAsync("/api/v1/failures/groups")).Json.EnumerateArray().ToArray();
        groups.Select(g => g.Number("count")).ShouldBe([3, 2]);
        groups[0].Text("cause").ShouldBe("Task ? hit a defect.");
        groups[0].Text("example")!.ShouldStartWith("fail-");
        (await scenario.ListAsync($"?group={groups[0].Text("id")}&state=failed&queue={MonitoringScenario.Queue}")).Length.ShouldBe(3);

        scenario.Receiver.Broken = false;
        (await scenario.Rest.PostAsync($"/api/v1/failures/groups/{groups[0].Text("id")}/retry", new { reason = "fixed" }, Ada)).Json.Number("count").ShouldBe(3);
        await scenario.UntilListedAsync(3, "?state=resolved");
        scenario.Receiver.Handled.Select(h => h.TaskId).ShouldBe(["train-1", "train-2", "train-3"], ignoreOrder: true);

        (await scenario.Rest.PostAsync($"/api/v1/failures/groups/{groups[1].Text("id")}/discard", new { reason = "nonsense" }, Ada)).Json.Number("count").ShouldBe(2);
        (await scenario.ListAsync("?state=discarded")).Length.ShouldBe(2);

        scenario.Receiver.Broken = true;
        var last = (await scenario.FailAsync("train-4"))[0];
        scenario.Receiver.Broken = false;
        (await scenario.Rest.PostAsync("/api/v1/failures/retry", new { reason = "all" })).Json.Number("count").ShouldBe(1);
        await scenario.UntilStateAsync(last, "resolved");
        (await scenario.ListAsync("?state=failed")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Changed_message_is_its_editors_when_it_is_sent()
    {
        await using var scenario = await MonitoringScenario.StartedAsync();
        scenario.Receiver.Broken = false;
        var channel = await scenario.ConnectAsync();
        await MonitoringScenario.PublishAsync(channel, """{"taskId":"secret-word" """u8.ToArray(), new BasicProperties
        {
            ContentType = "application/json",
            MessageId = Ids.New().ToString("D"),
            Headers = new Dictionary<string, object?>(StringComparer.Ordinal) { ["actor"] = "mallory", ["old"] = 1 },
        });
        await scenario.UntilListedAsync(1);
        var id = (await scenario.ListAsync())[0].Text("id")!;

        (await scenario.Rest.PostAsync($"/api/v1/failures/{id}/retry", new { reason = "closed the brace", body = """{"taskId":"secret-word"}""", headers = new { old = (string?)null, fresh = "x" } }, Ada))
            .ShouldBe(HttpStatusCode.OK);
        var resolved = await scenario.UntilStateAsync(id, "resolved");

        scenario.Receiver.Handled.Single().ShouldBe(("secret-word", "ada", Guid.Parse(resolved.Text("message_id")!)));
        resolved.GetProperty("headers").Names().ShouldContain("fresh");
        resolved.GetProperty("headers").Names().ShouldNotContain("old");
        var edited = (await scenario.DecisionsAsync(id))[0].ShouldBeOfType<FailureEdited>();
        edited.BodySha256.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("""{"taskId":"secret-word"}"""))));
        edited.Headers.ShouldBe(["fresh", "old"]);
        (await scenario.Database.ScalarAsync<long>("select count(*) from ledger.mt_events where data::text like '%secret-word%'", TestContext.Current.CancellationToken)).ShouldBe(0);
    }

    [Fact]
    public async Task Decision_outlives_the_process_when_it_ends_before_sending()
    {
        await using var scenario = await MonitoringScenario.CreateAsync();
        var first = await scenario.StartAsync(change: services => services.RemoveDispatcher());
        var id = (await scenario.FailAsync("train-1"))[0];
        scenario.Receiver.Broken = false;
        await scenario.Rest.PostAsync($"/api/v1/failures/{id}/retry", new { reason = "fixed" });
        await scenario.StopAsync(first);
        scenario.Receiver.Handled.ShouldBeEmpty();

        await scenario.StartAsync();

        await scenario.UntilStateAsync(id, "resolved");
        scenario.Receiver.Handled.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Message_has_one_effect_when_a_crash_lets_it_be_sent_twice()
    {
        await using var scenario = await MonitoringScenario.StartedAsync();
        // Without an identity of its own, too: the failure's is taken then.
        var channel = await scenario.ConnectAsync();
        await MonitoringScenario.PublishAsync(channel, MonitoringScenario.Json("train-1"), new BasicProperties { ContentType = "application/json" });
        await scenario.UntilListedAsync(1);
        var id = (await scenario.ListAsync())[0].Text("id")!;
        scenario.Receiver.Broken = false;
        await scenario.Rest.PostAsync($"/api/v1/failures/{id}/retry", new { reason = "fixed" });
        await scenario.UntilStateAsync(id, "resolved");

        // What a dispatcher leaves behind that died between the broker's confirm and its own note of it.
        await scenario.Database.ExecuteAsync("insert into monitoring.redrive(failure_id) select id from monitoring.failure", TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(async () => await scenario.Database.ScalarAsync<long>("select count(*) from monitoring.redrive", TestContext.Current.CancellationToken) == 0, "it is sent again");
        await Eventually.TrueAsync(async () => await channel.MessageCountAsync(MonitoringScenario.Queue, TestContext.Current.CancellationToken) == 0, "it is taken");
        await scenario.FailAsyncAfterwards("train-2");

        scenario.Receiver.Handled.ShouldHaveSingleItem().TaskId.ShouldBe("train-1");
        (await scenario.Rest.GetAsync($"/api/v1/failures/{id}")).Json.Text("state").ShouldBe("resolved");
    }

    [Fact]
    public async Task Failure_is_open_again_and_says_why_when_its_queue_is_gone()
    {
        await using var scenario = await MonitoringScenario.StartedAsync();
        var id = (await scenario.FailAsync("train-1"))[0];
        await scenario.Database.ExecuteAsync("update monitoring.failure set queue = 'training-of-old'", TestContext.Current.CancellationToken);

        await scenario.Rest.PostAsync($"/api/v1/failures/{id}/retry", new { reason = "try" });
        var returned = await scenario.Rest.UntilAsync($"/api/v1/failures/{id}", f => f.Text("state") == "failed" && f.Number("redrives") == 1);

        returned.Text("reason")!.ShouldContain("There is no queue 'training-of-old'");
        (await scenario.DecisionsAsync(id))[^1].ShouldBeOfType<FailureReturned>();
        (await scenario.Database.ScalarAsync<long>("select count(*) from monitoring.redrive", TestContext.Current.CancellationToken)).ShouldBe(0);
    }

    [Theory]
    [InlineData("POST", "/fail-0199c0ffee017000800099c0ffee0199/retry", """{"reason":"r"}""", 404, "FAILURE_NOT_FOUND")]
    [InlineData("POST", "/nonsense/discard", """{"reason":"r"}""", 404, "FAILURE_NOT_FOUND")]
    [InlineData("GET", "/nonsense", null, 404, "FAILURE_NOT_FOUND")]
    [InlineData("POST", "/groups/0123456789abcdef/retry", """{"reason":"r"}""", 404, "FAILURE_NOT_FOUND")]
    [InlineData("POST", "/retry", """{}""", 400, "INVALID_REQUEST")]
    [InlineData("POST", "/nonsense/discard", """{"reason":" "}""", 400, "INVALID_REQUEST")]
    [InlineData("POST", "/nonsense/retry", """{"reason":"r","body":"a","body_base64":"YQ=="}""", 400, "INVALID_REQUEST")]
    [InlineData("POST", "/nonsense/retry", """{"reason":"r","body_base64":"%"}""", 400, "INVALID_REQUEST")]
    [InlineData("POST", "/nonsense/retry", """{"reason":"r","headers":{"actor":"root"}}""", 400, "INVALID_REQUEST")]
    [InlineData("POST", "/nonsense/retry", """{"reason":"r","headers":{"a":{}}}""", 400, "INVALID_REQUEST")]
    [InlineData("POST", "/nonsense/retry", """{"reason":"r","headers":[1]}""", 400, "INVALID_REQUEST")]
    [InlineData("GET", "?state=lost", null, 400, "INVALID_REQUEST")]
    [InlineData("GET", "?page_token=nonsense", null, 400, "INVALID_REQUEST")]
    [InlineData("GET", "/groups?page_token=nonsense", null, 400, "INVALID_REQUEST")]
    public async Task Says_what_is_wrong_when_a_request_cannot_be_met(string method, string path, string? body, int status, string code)
    {
        await using var scenario = await MonitoringScenario.StartedAsync();

        (await scenario.Rest.SendAsync(new HttpMethod(method), $"/api/v1/failures{path}", body)).ShouldBeError(status, code);
    }
}
