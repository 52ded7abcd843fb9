using System.Diagnostics.CodeAnalysis;
using MassTransit;
using RabbitMQ.Client;

namespace EventMl.Bus;

/// <summary>A broker's address with one node or all nodes of a cluster: <c>amqp://user:password@host:5672,host2:5672/vhost</c>.</summary>
internal sealed class BrokerAddress
{
    private const int PlainPort = 5672;
    private const int TlsPort = 5671;

    private BrokerAddress(Uri first, IReadOnlyList<Uri> nodes) => (First, Nodes) = (first, nodes);

    /// <summary>The address with its first node only.</summary>
    public Uri First { get; }

    /// <summary>The address once for each node.</summary>
    public IReadOnlyList<Uri> Nodes { get; }

    /// <summary>Whether nobody on another machine can reach it.</summary>
    public bool IsLoopback => Nodes.All(n => n.IsLoopback);

    /// <summary>The account this process logs in with; the broker checks it on every message.</summary>
    public string User => Uri.UnescapeDataString(First.UserInfo.Split(':')[0]);

    public static BrokerAddress Parse(string text) =>
        TryParse(text, out var address) ? address : throw new FormatException("EVENTML_RABBITMQ is not amqp://user:password@host:5672,host2:5672/vhost.");

    public static bool TryParse(string text, [NotNullWhen(true)] out BrokerAddress? address)
    {
        address = null;
        var start = text.IndexOf("://", StringComparison.Ordinal) is > 0 and var scheme ? scheme + 3 : 0;
        var path = text.IndexOf('/', start) is > 0 and var slash ? slash : text.Length;
        var at = text.LastIndexOf('@', path - 1) + 1;
        if (start == 0 || at <= start)
        {
            return false;
        }

        var nodes = new List<Uri>();
        foreach (var host in text[at..path].Split(','))
        {
            if (host.Length == 0 || !Uri.TryCreate(text[..at] + host + text[path..], UriKind.Absolute, out var node) || node.Scheme is not ("amqp" or "amqps") || !node.UserInfo.Contains(':'))
            {
                return false;
            }

            nodes.Add(node);
        }

        address = new BrokerAddress(nodes[0], nodes);
        return true;
    }

    /// <summary>Opens a connection to any node that answers; without recovery of its own.</summary>
    public Task<IConnection> ConnectAsync(string name, CancellationToken cancellationToken, TimeSpan? limit = null)
    {
        var factory = new ConnectionFactory { Uri = First, ClientProvidedName = name, AutomaticRecoveryEnabled = false };
        factory.RequestedConnectionTimeout = limit ?? factory.RequestedConnectionTimeout;
        return factory.CreateConnectionAsync([.. Nodes.Select(n => new AmqpTcpEndpoint(n, new SslOption(n.Host, enabled: factory.Ssl.Enabled)))], cancellationToken);
    }

    /// <summary>Makes MassTransit take another node whenever one does not answer; processes begin with different ones.</summary>
    public void Configure(IRabbitMqHostConfigurator host)
    {
        if (Nodes.Count == 1)
        {
            return;
        }

        var first = Random.Shared.Next(Nodes.Count);
        host.UseCluster(cluster =>
        {
            for (var i = 0; i < Nodes.Count; i++)
            {
                var node = Nodes[(first + i) % Nodes.Count];
                cluster.Node($"{node.Host}:{(node.Port > 0 ? node.Port : node.Scheme == "amqps" ? TlsPort : PlainPort)}");
            }
        });
    }
}
