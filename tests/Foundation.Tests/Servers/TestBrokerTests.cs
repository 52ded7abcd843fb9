using EventMl.Testing;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace EventMl.Foundation.Tests.Servers;

public sealed class TestBrokerTests
{
    [Fact]
    public async Task Scenarios_see_nothing_of_each_other_when_they_use_the_same_queue_name()
    {
        await using var one = await TestBroker.CreateAsync(TestContext.Current.CancellationToken);
        await using var other = await TestBroker.CreateAsync(TestContext.Current.CancellationToken);
        await using var connection = await ConnectAsync(one.Address);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: TestContext.Current.CancellationToken);

        await channel.QueueDeclareAsync("orders", durable: true, exclusive: false, autoDelete: false, cancellationToken: TestContext.Current.CancellationToken);
        await channel.BasicPublishAsync("", "orders", new byte[] { 1 }, TestContext.Current.CancellationToken);
        var received = await ReceiveAsync(channel, "orders");

        received.ShouldBe([1]);
        (await one.QueuesAsync(TestContext.Current.CancellationToken)).Select(queue => queue.Name).ShouldBe(["orders"]);
        (await other.QueuesAsync(TestContext.Current.CancellationToken)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Virtual_host_is_gone_when_disposed()
    {
        var broker = await TestBroker.CreateAsync(TestContext.Current.CancellationToken);
        await broker.DisposeAsync();

        // The client may notice only after connecting that the broker refused the virtual host.
        var refused = await Record.ExceptionAsync(async () =>
        {
            await using var connection = await ConnectAsync(broker.Address);
            await using var channel = await connection.CreateChannelAsync(cancellationToken: TestContext.Current.CancellationToken);
        });
        refused.ShouldNotBeNull().ToString().ShouldContain("NOT_ALLOWED");
    }

    [Fact]
    public async Task Broker_refuses_guest_when_asked_with_the_default_password()
    {
        await using var broker = await TestBroker.CreateAsync(TestContext.Current.CancellationToken);
        var guest = new UriBuilder(broker.Address) { UserName = "guest", Password = "guest", Path = "/" }.Uri;

        var refused = await Should.ThrowAsync<BrokerUnreachableException>(() => ConnectAsync(guest));

        refused.InnerException.ShouldBeOfType<AuthenticationFailureException>();
    }

    [Fact]
    public async Task Added_user_connects_when_it_gives_its_password_and_is_gone_after_dispose()
    {
        Uri address;
        await using (var broker = await TestBroker.CreateAsync(TestContext.Current.CancellationToken))
        {
            address = await broker.AddUserAsync("alice", "s3cret/&", TestContext.Current.CancellationToken);
            await using var connection = await ConnectAsync(address);
            connection.IsOpen.ShouldBeTrue();
        }
        await Should.ThrowAsync<BrokerUnreachableException>(() => ConnectAsync(address));
    }

    private static Task<IConnection> ConnectAsync(Uri address) =>
        new ConnectionFactory { Uri = address, AutomaticRecoveryEnabled = false }.CreateConnectionAsync(TestContext.Current.CancellationToken);

    private static async Task<byte[]> ReceiveAsync(IChannel channel, string queue)
    {
        var consumer = new RabbitMQ.Client.Events.AsyncEventingBasicConsumer(channel);
        var received = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            received.TrySetResult(delivery.Body.ToArray());
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue, autoAck: true, consumer, TestContext.Current.CancellationToken);
        return await received.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }
}
