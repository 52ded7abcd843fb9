using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.Services.Tests.Platform;
using RabbitMQ.Client;

namespace EventMl.Services.Tests.Monitoring;

/// <summary>Whatever ends in a dead letter queue is kept as it was, and comes from whom it came.</summary>
public sealed class CollectingTests
{
    private const string ErrorQueue = $"{MonitoringScenario.Queue}_error";

    [Fact]
    public async Task Bytes_and_headers_are_kept_exactly_when_they_are_strange()
    {
        await using var scenario = await MonitoringScenario.StartedAsync();
        var channel = await scenario.ConnectAsync();
        var body = new byte[10 * 1024 * 1024];
        new Random(7).NextBytes(body);
        var headers = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["text"] = "grüße\0\ud83d\ude00", ["bytes"] = new byte[] { 0xff, 0x00, 0xfe }, ["long"] = long.MinValue, ["flag"] = true, ["nothing"] = null, ["real"] = -0.1,
            ["time"] = new AmqpTimestamp(1_700_000_000), ["table"] = new Dictionary<string, object?>(StringComparer.Ordinal) { ["list"] = new List<object?> { 1, "two", null } },
            ["binary"] = new BinaryTableValue([1, 2, 3]), [" 🙂 '; drop"] = "x", ["small"] = (short)-3, ["decimal"] = 1.5m,
        };
        await MonitoringScenario.PublishAsync(channel, body, new BasicProperties
        {
            ContentType = "text/strange; charset=klingon", MessageId = "no uuid \0", Priority = 3, CorrelationId = "c", ReplyTo = "r", Type = "t", AppId = "a", Timestamp = new AmqpTimestamp(5), Headers = headers,
        });
        await scenario.UntilListedAsync(1);

        var id = (await scenario.ListAsync())[0].Text("id")!;
        var shown = (await scenario.Rest.GetAsync($"/api/v1/failures/{id}")).Json;
        shown.Text("body_sha256").ShouldBe(Convert.ToHexStringLower(SHA256.HashData(body)));
        Convert.FromBase64String(shown.Text("body_base64")!).AsSpan().SequenceEqual(body).ShouldBeTrue();
        shown.GetProperty("headers").Text("text").ShouldBe("grüße\0\ud83d\ude00");
        shown.GetProperty("headers").GetProperty("table").GetProperty("list").GetArrayLength().ShouldBe(3);
        shown.GetProperty("properties").Text("correlation_id").ShouldBe("c");

        // Back in its own queue nothing is missing: a tap instead of the worker sees what the sender sent.
        await scenario.Database.ExecuteAsync("update monitoring.failure set queue = 'tap'", TestContext.Current.CancellationToken);
        await channel.QueueDeclareAsync("tap", true, false, false, cancellationToken: TestContext.Current.CancellationToken);
        await scenario.Rest.PostAsync($"/api/v1/failures/{id}/retry", new { reason = "see" });
        BasicGetResult? sent = null;
        await Eventually.TrueAsync(async () => (sent = await channel.BasicGetAsync("tap", true, TestContext.Current.CancellationToken)) is not null, "the message comes back");

        sent!.Body.Span.SequenceEqual(body).ShouldBeTrue();
        sent.BasicProperties.MessageId.ShouldBe("no uuid \0");
        sent.BasicProperties.ContentType.ShouldBe("text/strange; charset=klingon");
        (sent.BasicProperties.Priority, sent.BasicProperties.ReplyTo, sent.BasicProperties.Type, sent.BasicProperties.AppId).ShouldBe(((byte)3, "r", "t", "a"));
        sent.BasicProperties.Headers!.Keys.Except(headers.Keys).ShouldBe([BusHeaders.OriginalUser]);
        headers.Keys.Except(sent.BasicProperties.Headers.Keys).ShouldBeEmpty();
        sent.BasicProperties.Headers["real"].ShouldBe(-0.1);
        sent.BasicProperties.Headers["decimal"].ShouldBe(1.5m);
        sent.BasicProperties.Headers["small"].ShouldBe((short)-3);
        ((byte[])sent.BasicProperties.Headers["bytes"]!).ShouldBe([0xff, 0x00, 0xfe]);
        ((BinaryTableValue)sent.BasicProperties.Headers["binary"]!).Bytes.ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task Unwanted_message_is_kept_when_no_consumer_takes_its_type()
    {
        await using var scenario = await MonitoringScenario.StartedAsync();
        var channel = await scenario.ConnectAsync();
        var envelope = """{"messageId":"0199c0ff-ee01-7000-8000-99c0ffee0199","messageType":["urn:message:Elsewhere:Unknown"],"message":{}}"""u8.ToArray();

        await MonitoringScenario.PublishAsync(channel, envelope, new BasicProperties { ContentType = "application/vnd.masstransit+json" });
        await scenario.UntilListedAsync(1);

        var failure = (await scenario.Rest.GetAsync($"/api/v1/failures/{(await scenario.ListAsync())[0].Text("id")}")).Json;
        (failure.Text("kind"), failure.Text("exception_type"), failure.Text("message_type"), failure.Text("message_id")).ShouldBe(("skipped", "skipped", "Unknown", "0199c0ff-ee01-7000-8000-99c0ffee0199"));
    }

    [Fact]
    public async Task Letter_counts_once_when_the_broker_hands_it_out_twice()
    {
        await using var scenario = await MonitoringScenario.StartedAsync();
        await scenario.FailAsync("train-1");
        var letter = RawLetter((await scenario.Database.ScalarAsync<byte[]>("select envelope from monitoring.failure", TestContext.Current.CancellationToken))!);
        var channel = await scenario.ConnectAsync();

        await MonitoringScenario.PublishAsync(channel, MonitoringScenario.Json("train-1"), letter, "", ErrorQueue);
        await scenario.FailAsync("train-2");

        (await scenario.ListAsync()).Select(f => f.Number("failures")).ShouldBe([1, 1]);
    }

    [Fact]
    public async Task Queues_of_a_later_process_are_found_when_it_starts()
    {
        await using var scenario = await MonitoringScenario.CreateAsync();
        await scenario.StartAsync(bus => bus.AddMonitoringOnly());
        await Eventually.TrueAsync(async () => (await scenario.Broker.QueuesAsync(TestContext.Current.CancellationToken)).Any(q => q.Name == "monitoring-retry-failure_error"), "the collector works");

        await scenario.StartAsync(bus => bus.AddCommand<RunTraining, RunTrainingHandler>("training", Role.Admin), services => services.RemoveDispatcher());

        await scenario.FailAsync("train-1");
    }

    [Fact]
    public async Task Strangers_command_stays_theirs_when_it_is_retried()
    {
        await using var scenario = await MonitoringScenario.StartedAsync();
        var alice = await scenario.Broker.AddUserAsync("alice", "secret", TestContext.Current.CancellationToken);
        var channel = await scenario.ConnectAsync(alice);
        var name = alice.UserInfo.Split(':')[0];
        await MonitoringScenario.PublishAsync(channel, MonitoringScenario.Json("train-1"), new BasicProperties
        {
            ContentType = "application/json", MessageId = Ids.New().ToString("D"), UserId = name, Headers = new Dictionary<string, object?>(StringComparer.Ordinal) { ["actor"] = "admin" },
        });
        await scenario.UntilListedAsync(1);
        var id = (await scenario.ListAsync())[0].Text("id")!;

        // Once it fails again, so that the way back is gone twice.
        await scenario.Rest.PostAsync($"/api/v1/failures/{id}/retry", new { reason = "perhaps" }, ("Actor", "ada"));
        await scenario.Rest.UntilAsync($"/api/v1/failures/{id}", f => f.Number("failures") == 2);
        scenario.Receiver.Broken = false;
        await scenario.Rest.PostAsync($"/api/v1/failures/{id}/retry", new { reason = "fixed" }, ("Actor", "ada"));
        await scenario.UntilStateAsync(id, "resolved");

        scenario.Receiver.Handled.Single().Actor.ShouldBe(name);
    }

    [Theory]
    [InlineData("as a user")]
    [InlineData("as nobody")]
    [InlineData("straight into the dead letters")]
    public async Task Forged_event_is_never_believed_when_it_is_retried(string how)
    {
        const string queue = "watching-on-training-rejected";
        await using var scenario = await MonitoringScenario.StartedAsync();
        var mallory = await scenario.Broker.AddUserAsync("mallory", "secret", TestContext.Current.CancellationToken);
        var channel = await scenario.ConnectAsync(mallory);
        var forged = JsonSerializer.SerializeToUtf8Bytes(new
        {
            messageId = Ids.New(),
            messageType = new[] { "urn:message:EventMl.Contracts.Training:TrainingRejected" },
            message = new { command = "RequestTraining", code = "FORBIDDEN", message = "forged", rejectedAt = DateTimeOffset.UnixEpoch },
        });
        var properties = new BasicProperties { ContentType = "application/vnd.masstransit+json", Headers = new Dictionary<string, object?>(StringComparer.Ordinal) { ["actor"] = "saga:probe" } };
        if (how == "as a user")
        {
            properties.UserId = mallory.UserInfo.Split(':')[0];
        }

        if (how == "straight into the dead letters")
        {
            await Eventually.TrueAsync(async () => (await scenario.Broker.QueuesAsync(TestContext.Current.CancellationToken)).Any(q => q.Name == $"{queue}_error"), "the queue exists");
            properties.Headers["MT-Fault-Message"] = "believe me";
            await MonitoringScenario.PublishAsync(channel, forged, properties, "", $"{queue}_error");
        }
        else
        {
            await MonitoringScenario.PublishAsync(channel, forged, properties, "eventml.training.training-rejected");
        }

        await scenario.UntilListedAsync(1);
        var id = (await scenario.ListAsync())[0].Text("id")!;

        await scenario.Rest.PostAsync($"/api/v1/failures/{id}/retry", new { reason = "perhaps" }, ("Actor", "ada"));
        var again = await scenario.Rest.UntilAsync($"/api/v1/failures/{id}", f => f.Number("failures") == 2);
        again.Text("reason")!.ShouldContain("only the platform's own account");
        (await scenario.Rest.PostAsync($"/api/v1/failures/{id}/retry", new { reason = "mine now", body = Encoding.UTF8.GetString(forged) }, ("Actor", "ada"))).ShouldBeError(400, "INVALID_REQUEST");
        scenario.Receiver.Heard.ShouldBeEmpty();
    }

    private static BasicProperties RawLetter(byte[] envelope)
    {
        var headers = JsonDocument.Parse(envelope).RootElement.GetProperty("headers").EnumerateObject().ToDictionary(p => p.Name, p => (object?)p.Value[1].ToString(), StringComparer.Ordinal);
        var named = JsonDocument.Parse(envelope).RootElement.GetProperty("properties");
        return new BasicProperties { ContentType = named.GetProperty("content_type").GetString(), MessageId = named.GetProperty("message_id").GetString(), Headers = headers };
    }
}
