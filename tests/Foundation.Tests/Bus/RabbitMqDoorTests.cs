using System.Text;
using System.Text.Json;
using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using RabbitMQ.Client;

namespace EventMl.Foundation.Tests.Bus;

/// <summary>Any AMQP client at the documented exchanges.</summary>
public sealed class RabbitMqDoorTests
{
    private const string Exchange = "eventml.training.request-training";
    private const string ErrorQueue = "training-request-training_error";

    [Fact]
    public void Names_exchanges_by_area_and_message()
    {
        BusNames.Exchange(typeof(RequestTraining)).ShouldBe(Exchange);
        BusNames.Exchange(typeof(Contracts.Datasets.DataIngested)).ShouldBe("eventml.datasets.data-ingested");
        BusNames.Exchange(typeof(MassTransit.Fault<RunTraining>)).ShouldBe("eventml.training.run-training-fault");
    }

    [Theory]
    [InlineData("application/json", """{"taskId":"train-raw","input":"digits","output":"100","params":{"learning_rate":0.1}}""")]
    [InlineData(null, """{"TaskId":"train-raw","INPUT":"digits","output":"100","params":{"learning_rate":0.1}}""")]
    [InlineData("application/vnd.masstransit+json", """{"messageType":["urn:message:EventMl.Contracts.Training:RequestTraining"],"message":{"taskId":"train-raw","input":"digits","output":"100","params":{"learning_rate":0.1}}}""")]
    public async Task Takes_plain_json_and_the_envelope_when_a_client_publishes_them(string? contentType, string body)
    {
        await using var scenario = await BusScenario.CreateAsync("rabbitmq");
        var host = await scenario.StartAsync();
        await using var client = await AmqpClient.ConnectAsync(scenario.Broker!.Address);

        await client.PublishAsync(Exchange, body, new BasicProperties { ContentType = contentType });
        await BusHost.UntilAsync(() => host.Seen.Of<TrainingRequested>().Length == 1, "the event comes back");

        var (message, actor, _) = host.Seen.Messages.Single(m => m.Message is TrainingRequested);
        ((TrainingRequested)message).Params.GetProperty("learning_rate").GetDouble().ShouldBe(0.1);
        actor.ShouldBe("anonymous");
    }

    [Fact]
    public async Task Takes_the_brokers_word_for_the_actor_when_a_user_claims_another()
    {
        await using var scenario = await BusScenario.CreateAsync("rabbitmq");
        var host = await scenario.StartAsync();
        var address = await scenario.Broker!.AddUserAsync("alice", "secret");
        await using var client = await AmqpClient.ConnectAsync(address);
        var user = address.UserInfo.Split(':')[0];

        await client.PublishAsync(Exchange, """{"input":"digits","output":"100"}""", new BasicProperties
        {
            MessageId = "order 66",
            UserId = user,
            Headers = new Dictionary<string, object?>(StringComparer.Ordinal) { ["actor"] = "admin" },
        });
        await BusHost.UntilAsync(() => host.Seen.Of<TrainingRequested>().Length == 1, "the event comes back");

        var (message, actor, _) = host.Seen.Messages.Single(m => m.Message is TrainingRequested);
        actor.ShouldBe(user);
        ((TrainingRequested)message).TaskId.ShouldBe(Ids.Named("train", Ids.Derive("training-request-training", Ids.Derive("message-id", "order 66").ToString("D"))));
    }

    [Theory]
    [InlineData("""{"input":"digits","output":"100"}""", "message-id")]
    [InlineData("""{"input":""", "JSON payload")]
    [InlineData("""[1,2]""", "")]
    [InlineData("""{"taskId":{"a":1},"input":"digits"}""", "")]
    public async Task Becomes_a_dead_letter_with_a_reason_when_it_cannot_be_handled(string body, string reason)
    {
        await using var scenario = await BusScenario.CreateAsync("rabbitmq");
        await scenario.StartAsync();
        // A user of its own: its name must not keep the message from being moved.
        var address = await scenario.Broker!.AddUserAsync("alice", "secret");
        await using var client = await AmqpClient.ConnectAsync(address);

        await client.PublishAsync(Exchange, body, new BasicProperties { ContentType = "application/json", UserId = address.UserInfo.Split(':')[0] });
        var dead = await client.GetAsync(ErrorQueue);

        Encoding.UTF8.GetString(dead.Body.Span).ShouldBe(body);
        Header(dead, "MT-Fault-Message").ShouldContain(reason, Case.Insensitive);
        Header(dead, BusHeaders.OriginalUser).ShouldBe(address.UserInfo.Split(':')[0]);
        (await scenario.CountAsync("training.inbox")).ShouldBe(0);
        (await scenario.CountAsync("ledger.mt_events")).ShouldBe(0);
    }

    [Fact]
    public async Task Keeps_what_is_published_before_the_first_worker_when_the_topology_was_declared()
    {
        await using var scenario = await BusScenario.CreateAsync("rabbitmq");
        await using var client = await AmqpClient.ConnectAsync(scenario.Broker!.Address);

        await client.PublishAsync(Exchange, """{"taskId":"train-early","input":"digits","output":"100"}""", new BasicProperties { ContentType = "application/json" });
        await client.PublishAsync("eventml.models.model-promoted", "{}", new BasicProperties(), mandatory: false);
        var host = await scenario.StartAsync();
        await BusHost.UntilAsync(() => host.Seen.Of<TrainingRequested>().Length == 1, "the early command is handled");

        host.Seen.Of<TrainingRequested>()[0].TaskId.ShouldBe("train-early");
    }

    [Fact]
    public async Task Carries_identity_and_position_when_the_relay_publishes()
    {
        await using var scenario = await BusScenario.CreateAsync("rabbitmq");
        var host = await scenario.StartAsync();
        await using var client = await AmqpClient.ConnectAsync(scenario.Broker!.Address);
        await client.BindAsync("mine", "eventml.training.training-requested");

        await host.Door.ExecuteAsync(
            new RequestTraining { TaskId = "train-1", Input = "digits", Output = "100" },
            new DoorCall { Actor = "ada", Grant = Grant.Platform, Door = Doors.Rest, CorrelationId = "order-1", TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
            TestContext.Current.CancellationToken);
        var message = await client.GetAsync("mine");

        var stored = (await host.Ledger.ReadStreamAsync("training_task-train-1", cancellationToken: TestContext.Current.CancellationToken))[0];
        message.BasicProperties.MessageId.ShouldBe(stored.Id.ToString("D"));
        message.BasicProperties.UserId.ShouldBe(scenario.Broker.Address.UserInfo.Split(':')[0]);
        Header(message, "event-stream").ShouldBe("training_task-train-1");
        Header(message, "event-version").ShouldBe("1");
        Header(message, "event-position").ShouldBe("1");
        Header(message, "actor").ShouldBe("ada");
        Header(message, "correlation").ShouldBe("order-1");
        Header(message, "traceparent").ShouldBe("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        using var envelope = JsonDocument.Parse(message.Body);
        envelope.RootElement.GetProperty("message").GetProperty("taskId").GetString().ShouldBe("train-1");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Believes_no_event_when_somebody_else_published_it(bool withName)
    {
        await using var scenario = await BusScenario.CreateAsync("rabbitmq");
        var host = await scenario.StartAsync();
        var address = await scenario.Broker!.AddUserAsync("mallory", "secret");
        await using var client = await AmqpClient.ConnectAsync(address);
        var forged = JsonSerializer.Serialize(new
        {
            messageId = Ids.New(),
            messageType = new[] { "urn:message:EventMl.Contracts.Training:TrainingRequested" },
            message = new { taskId = Ids.New("train"), name = "n", dataset = "d", datasetVersion = 1, @params = new { }, output = "100", timeoutSeconds = 60, requestedAt = DateTimeOffset.UnixEpoch },
        });
        var properties = new BasicProperties
        {
            ContentType = "application/vnd.masstransit+json",
            Headers = new Dictionary<string, object?>(StringComparer.Ordinal) { ["actor"] = "saga:probe" },
        };
        if (withName)
        {
            properties.UserId = address.UserInfo.Split(':')[0];
        }

        await client.PublishAsync("eventml.training.training-requested", forged, properties);

        foreach (var queue in (string[])["sagas-probe_error", "watching-on-training-requested_error"])
        {
            Header(await client.GetAsync(queue), "MT-Fault-Message").ShouldContain("only the platform's own account");
        }

        (await scenario.CountAsync("sagas.saga")).ShouldBe(0);
        (await scenario.CountAsync("sagas.inbox")).ShouldBe(0);
        host.Seen.Messages.ShouldBeEmpty();
    }

    private static string Header(BasicGetResult message, string name) =>
        message.BasicProperties.Headers?.TryGetValue(name, out var value) == true ? value is byte[] bytes ? Encoding.UTF8.GetString(bytes) : value?.ToString() ?? "" : "";
}

/// <summary>A client that knows AMQP and nothing else.</summary>
internal sealed class AmqpClient(IConnection connection, IChannel channel) : IAsyncDisposable
{
    public static async Task<AmqpClient> ConnectAsync(Uri address)
    {
        var connection = await new ConnectionFactory { Uri = address }.CreateConnectionAsync(TestContext.Current.CancellationToken);
        return new AmqpClient(connection, await connection.CreateChannelAsync(new CreateChannelOptions(true, true), TestContext.Current.CancellationToken));
    }

    public ValueTask PublishAsync(string exchange, string body, BasicProperties properties, bool mandatory = true) =>
        channel.BasicPublishAsync(exchange, "", mandatory, properties, Encoding.UTF8.GetBytes(body), TestContext.Current.CancellationToken);

    public ValueTask PublishAsync(string exchange, byte[] body, BasicProperties properties) =>
        channel.BasicPublishAsync(exchange, "", mandatory: true, properties, body, TestContext.Current.CancellationToken);

    /// <summary>The next message of whichever queue has one first.</summary>
    public async Task<(string Queue, BasicGetResult Message)> GetAnyAsync(params string[] queues)
    {
        (string Queue, BasicGetResult? Message) found = default;
        await BusHost.UntilAsync(
            async () =>
            {
                foreach (var queue in queues)
                {
                    await channel.QueueDeclareAsync(queue, true, false, false, cancellationToken: TestContext.Current.CancellationToken);
                    found = found.Message is null ? (queue, await channel.BasicGetAsync(queue, true, TestContext.Current.CancellationToken)) : found;
                }

                return found.Message is not null;
            },
            $"a message in {string.Join(" or ", queues)}");
        return (found.Queue!, found.Message!);
    }

    public async Task BindAsync(string queue, string exchange)
    {
        await channel.QueueDeclareAsync(queue, true, false, false, cancellationToken: TestContext.Current.CancellationToken);
        await channel.ExchangeDeclareAsync(exchange, "fanout", true, cancellationToken: TestContext.Current.CancellationToken);
        await channel.QueueBindAsync(queue, exchange, "", cancellationToken: TestContext.Current.CancellationToken);
    }

    /// <summary>The next message of a queue, which is declared like MassTransit's own so that asking early does no harm.</summary>
    public async Task<BasicGetResult> GetAsync(string queue)
    {
        await channel.QueueDeclareAsync(queue, true, false, false, cancellationToken: TestContext.Current.CancellationToken);
        BasicGetResult? message = null;
        await BusHost.UntilAsync(async () => (message = await channel.BasicGetAsync(queue, true, TestContext.Current.CancellationToken)) is not null, $"a message in {queue}");
        return message!;
    }

    public async Task EmptyAsync(string queue)
    {
        await channel.QueueDeclareAsync(queue, true, false, false, cancellationToken: TestContext.Current.CancellationToken);
        (await channel.MessageCountAsync(queue, TestContext.Current.CancellationToken)).ShouldBe(0u);
    }

    public Task DeleteQueueAsync(string queue) => channel.QueueDeleteAsync(queue, false, false, cancellationToken: TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await channel.DisposeAsync();
        await connection.DisposeAsync();
    }
}
