using EventMl.Bus;

namespace EventMl.Foundation.Tests.Bus;

public sealed class BrokerAddressTests
{
    [Fact]
    public void Has_every_node_when_several_are_given()
    {
        var address = BrokerAddress.Parse("amqps://ann:a%2Cb%40c@one:5671,two,[::1]:7/v%2Fh");

        address.Nodes.Select(n => (n.Host, n.Port)).ShouldBe([("one", 5671), ("two", -1), ("[::1]", 7)]);
        address.Nodes.ShouldAllBe(n => n.AbsolutePath == "/v%2Fh" && n.Scheme == "amqps");
        address.User.ShouldBe("ann");
        address.IsLoopback.ShouldBeFalse();
        BusOptions.IsCluster("amqp://a:b@one,two/").ShouldBeTrue();
        BusOptions.IsCluster("amqp://a:b%2C@one/").ShouldBeFalse();
    }

    [Theory]
    [InlineData("amqp://ann:b@127.0.0.1:5672/", true)]
    [InlineData("amqp://ann:b@127.0.0.1:5672,localhost:2", true)]
    [InlineData("amqp://ann:b@127.0.0.1:5672,mq.example/", false)]
    public void Is_on_loopback_when_all_nodes_are(string text, bool loopback) => BrokerAddress.Parse(text).IsLoopback.ShouldBe(loopback);

    [Theory]
    [InlineData("")]
    [InlineData("amqp://")]
    [InlineData("amqp://host/")]
    [InlineData("amqp://ann@host/")]
    [InlineData("amqp://ann:b@/")]
    [InlineData("amqp://ann:b@one,,two/")]
    [InlineData("amqp://ann:b@one:x,two/")]
    [InlineData("http://ann:b@host/")]
    [InlineData("host:5672")]
    public void Is_refused_when_it_is_none(string text)
    {
        BrokerAddress.TryParse(text, out _).ShouldBeFalse();
        var options = new BusOptions { Address = text };
        options.Validate(new(options)).ShouldContain(r => r.ErrorMessage!.Contains("EVENTML_RABBITMQ must be", StringComparison.Ordinal));
    }
}
