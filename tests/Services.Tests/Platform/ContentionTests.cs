using System.Net;
using System.Text;
using System.Text.Json;
using RabbitMQ.Client;

namespace EventMl.Services.Tests.Platform;

/// <summary>Fifty at once, half over REST and half as plain JSON over AMQP, with one name: one gets it.</summary>
[Collection(PlatformTests.Name)]
public sealed class ContentionTests(PlatformFixture platform)
{
    private const int Each = 25;

    [Theory]
    [InlineData("ingestion-tasks", "eventml.datasets", "ingestion")]
    [InlineData("training-tasks", "eventml.training", "training")]
    public async Task Accepts_one_and_refuses_49_when_50_ask_for_one_name(string resource, string area, string kind)
    {
        var name = PlatformFixture.Unique("contended");
        var request = new
        {
            name, input = kind == "training" ? await platform.DigitsAsync() : platform.Images, script = "faulty/faulty.py", @params = new { fault = "hang" }, output = name,
        };
        await using var client = await BusClient.ConnectAsync(platform.Broker.Address, $"{area}.{kind}-requested", $"{area}.{kind}-rejected");

        var overBus = Enumerable.Range(0, Each).Select(_ => client.PublishAsync($"{area}.request-{kind}", JsonSerializer.Serialize(request)));
        var overRest = Enumerable.Range(0, Each).Select(_ => platform.Rest.PostAsync($"/api/v1/{resource}", request)).ToArray();
        await Task.WhenAll(overBus.Concat(overRest));
        var answers = await Task.WhenAll(overRest);
        var accepted = answers.Count(a => a.Status == HttpStatusCode.Created);
        var events = await client.EventsAsync(e => e.Message.Text("name") == name, count: Each + accepted);

        var started = events.Where(e => e.Exchange.EndsWith("-requested", StringComparison.Ordinal)).ShouldHaveSingleItem().Message;
        foreach (var refused in answers.Where(a => a.Status != HttpStatusCode.Created))
        {
            refused.ShouldBeError(409, "TASK_ALREADY_RUNNING");
        }

        var rejected = events.Where(e => e.Exchange.EndsWith("-rejected", StringComparison.Ordinal)).Select(e => e.Message).ToArray();
        rejected.Length.ShouldBe(accepted == 1 ? Each : Each - 1);
        rejected.ShouldAllBe(r => r.Text("code") == "TASK_ALREADY_RUNNING");
        (await platform.Database.ScalarAsync<long>($"select count(*) from ledger.mt_events where type like '%{kind}_requested' and data::text like '%{name}%'", TestContext.Current.CancellationToken)).ShouldBe(1);
        var task = $"/api/v1/{resource}/{started.Text("taskId")}";
        await platform.Rest.PostAsync($"{task}/cancel");
        (await platform.Rest.UntilEndedAsync(task)).ShouldHaveFailed("TASK_CANCELLED");
    }
}

/// <summary>A client that knows AMQP and JSON and nothing of the platform's libraries.</summary>
internal sealed class BusClient(IConnection connection, IChannel channel, string user, string queue) : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    public static async Task<BusClient> ConnectAsync(Uri address, params string[] exchanges)
    {
        var cancel = TestContext.Current.CancellationToken;
        var connection = await new ConnectionFactory { Uri = address }.CreateConnectionAsync(cancel);
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), cancel);
        var queue = await channel.QueueDeclareAsync("", durable: false, exclusive: true, autoDelete: true, cancellationToken: cancel);
        foreach (var exchange in exchanges)
        {
            await channel.QueueBindAsync(queue.QueueName, exchange, "", cancellationToken: cancel);
        }

        return new BusClient(connection, channel, Uri.UnescapeDataString(address.UserInfo.Split(':')[0]), queue.QueueName);
    }

    public Task PublishAsync(string exchange, string json) => channel.BasicPublishAsync(
        exchange,
        "",
        mandatory: true,
        new BasicProperties { ContentType = "application/json", MessageId = Contracts.Ids.New().ToString("D"), UserId = user, Persistent = true },
        Encoding.UTF8.GetBytes(json),
        TestContext.Current.CancellationToken).AsTask();

    /// <summary>The first events that fit.</summary>
    public async Task<IReadOnlyList<(string Exchange, JsonElement Message)>> EventsAsync(Func<(string Exchange, JsonElement Message), bool> fits, int count)
    {
        var events = new List<(string, JsonElement)>();
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        var start = TimeProvider.System.GetTimestamp();
        while (events.Count < count)
        {
            TimeProvider.System.GetElapsedTime(start).ShouldBeLessThan(Limit, $"{events.Count} of {count} events came");
            if (await channel.BasicGetAsync(queue, autoAck: true, TestContext.Current.CancellationToken) is not { } message)
            {
                await tick.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            }
            else if ((message.Exchange, JsonSerializer.Deserialize<JsonElement>(message.Body.Span).GetProperty("message")) is var read && fits(read))
            {
                events.Add(read);
            }
        }

        return events;
    }

    public async ValueTask DisposeAsync()
    {
        await channel.DisposeAsync();
        await connection.DisposeAsync();
    }
}
