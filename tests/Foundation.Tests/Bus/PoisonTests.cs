using System.Text;
using EventMl.Bus;
using EventMl.Contracts.Training;
using RabbitMQ.Client;

namespace EventMl.Foundation.Tests.Bus;

/// <summary>What a plain AMQP client may send by mistake or on purpose.</summary>
public sealed class PoisonTests
{
    private const string Exchange = "eventml.training.request-training";
    private const string Good = """{"taskId":"train-good","input":"digits","output":"1000"}""";
    private const int TenMegabytes = 10 * 1024 * 1024;
    private static readonly byte[] Noise = Random(TenMegabytes);

    public static TheoryData<string, byte[]?, string?, string> Unreadable => new()
    {
        { "10 MB of noise", null, "application/json", "not what this queue takes" },
        { "noise under a foreign type", Random(500), "application/octet-stream", "not what this queue takes" },
        { "an image", [0x89, 0x50, 0x4e, 0x47, 0, 1, 2], "image/png", "not what this queue takes" },
        { "XML", "<command/>"u8.ToArray(), "application/xml", "not what this queue takes" },
        { "half an object", """{"taskId":"train-x","input":"""u8.ToArray(), "application/json", "not what this queue takes" },
        { "an array", "[1,2]"u8.ToArray(), "application/json", "not what this queue takes" },
        { "a number for a name", """{"taskId":7,"input":"digits"}"""u8.ToArray(), "application/json", "'taskId'" },
        { "an object for a name", """{"taskId":"train-x","input":{"a":[1]}}"""u8.ToArray(), null, "'input'" },
        { "nesting without an end", Encoding.ASCII.GetBytes(new string('[', 200_000)), "application/json", "not what this queue takes" },
        { "an envelope without a message", "{}"u8.ToArray(), "application/vnd.masstransit+json", "" },
        { "an envelope with a message of the wrong type", """{"messageType":["urn:message:EventMl.Contracts.Training:RequestTraining"],"message":[1]}"""u8.ToArray(), "application/vnd.masstransit+json", "" },
        { "UTF-16", Encoding.Unicode.GetBytes(Good), "application/json; charset=utf-16", "not what this queue takes" },
    };

    [Theory, MemberData(nameof(Unreadable))]
    public async Task Becomes_a_dead_letter_with_a_readable_reason_and_the_queue_goes_on_when_it_cannot_be_read(string what, byte[]? body, string? contentType, string reason)
    {
        await using var scenario = await BusScenario.CreateAsync("rabbitmq");
        var host = await scenario.StartAsync();
        await using var client = await AmqpClient.ConnectAsync(scenario.Broker!.Address);

        await client.PublishAsync(Exchange, body ?? Noise, new BasicProperties { ContentType = contentType, MessageId = Contracts.Ids.New().ToString("D") });
        await client.PublishAsync(Exchange, Good, new BasicProperties { ContentType = "application/json", MessageId = Contracts.Ids.New().ToString("D") });
        await BusHost.UntilAsync(() => host.Seen.Of<RunTraining>().Any(r => r.TaskId == "train-good"), "the good command goes its whole way");
        var (queue, dead) = await client.GetAnyAsync("training-request-training_error", "training-request-training_skipped");

        dead.Body.Span.SequenceEqual(body ?? Noise).ShouldBeTrue("not a byte is changed");
        Reason(queue, dead).Length.ShouldBeGreaterThan(10, what);
        Reason(queue, dead).ShouldContain(reason);
        host.Seen.Of<RunTraining>().Length.ShouldBe(1);
        (await scenario.CountAsync("ledger.mt_events")).ShouldBe(1, "nothing of it is in the ledger");
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/plain")]
    [InlineData(null)]
    public async Task Is_carried_out_when_only_unknown_members_or_a_careless_content_type_are_strange(string? contentType)
    {
        await using var scenario = await BusScenario.CreateAsync("rabbitmq");
        var host = await scenario.StartAsync();
        await using var client = await AmqpClient.ConnectAsync(scenario.Broker!.Address);
        var large = new string('x', TenMegabytes);

        await client.PublishAsync(Exchange, Good[..^1] + $$""","later":{"a":[1,null]},"comment":"{{large}}"}""", new BasicProperties { ContentType = contentType, MessageId = Contracts.Ids.New().ToString("D") });

        await BusHost.UntilAsync(() => host.Seen.Of<RunTraining>().Length == 1, "the command goes its whole way");
        (await scenario.Database.ScalarAsync<int>("select length(data::text) from ledger.mt_events", TestContext.Current.CancellationToken)).ShouldBeLessThan(10_000, "what nobody knows is not kept");
    }

    [Fact]
    public async Task Is_refused_like_a_command_without_members_when_it_is_empty()
    {
        await using var scenario = await BusScenario.CreateAsync("rabbitmq");
        var host = await scenario.StartAsync();
        await using var client = await AmqpClient.ConnectAsync(scenario.Broker!.Address);

        await client.PublishAsync(Exchange, [], new BasicProperties { ContentType = "application/json", MessageId = Contracts.Ids.New().ToString("D") });

        await BusHost.UntilAsync(() => host.Seen.Of<TrainingRejected>().Length == 1, "the refusal is heard");
        host.Seen.Of<TrainingRejected>()[0].Code.ShouldBe(Contracts.ErrorCodes.DatasetNotFound);
    }

    private static string Reason(string queue, BasicGetResult dead) =>
        Encoding.UTF8.GetString((byte[])dead.BasicProperties.Headers![queue.EndsWith("_error", StringComparison.Ordinal) ? "MT-Fault-Message" : "MT-Reason"]!);

    private static byte[] Random(int length)
    {
        var bytes = new byte[length];
        new Random(7).NextBytes(bytes);
        return bytes;
    }
}
