using System.ComponentModel.DataAnnotations;

namespace EventMl.Bus;

/// <summary>How this process is on the bus.</summary>
public sealed record BusOptions : IValidatableObject
{
    /// <summary><c>rabbitmq</c> (the default) or <c>memory</c>, which does not survive a crash.</summary>
    [RegularExpression("rabbitmq|memory", ErrorMessage = "Bus transport must be 'rabbitmq' or 'memory'.")]
    public string Transport { get; init; } = "rabbitmq";

    /// <summary>Broker as <c>amqp://user:password@host:port/vhost</c> (<c>amqps</c> for TLS), with <c>host:port,host2:port</c> for the nodes of a cluster; EVENTML_RABBITMQ. Not used in memory.</summary>
    public string Address { get; init; } = "";

    /// <summary>Text before every queue name, so that several platforms can share a broker. The default is none.</summary>
    [RegularExpression("[a-z0-9.-]{0,60}", ErrorMessage = "Bus queue prefix may hold only a-z, 0-9, '.' and '-', at most 60.")]
    public string QueuePrefix { get; init; } = "";

    /// <summary>Quorum queues, for a RabbitMQ cluster; EVENTML_BUS_QUORUM. The default is classic queues.</summary>
    public bool Quorum { get; init; }

    /// <summary>Messages a queue hands out before one is acknowledged. The default is 32.</summary>
    [Range(1, 10_000)]
    public int PrefetchCount { get; init; } = 32;

    /// <summary>Messages of one queue handled at the same time. The default is 8.</summary>
    [Range(1, 1_000)]
    public int ConcurrencyLimit { get; init; } = 8;

    /// <summary>Times a message is tried again after a passing error before it becomes a dead letter; an outage of the database counts once, however long. The default is 20, about five minutes.</summary>
    [Range(0, 1_000)]
    public int RetryLimit { get; init; } = 20;

    /// <summary>Longest pause before the first new try; it doubles up to 30 seconds, and half of it is jitter. The default is 50 milliseconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:30")]
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Whether messages without a broker-checked user-id are taken as <c>anonymous</c>. The default is yes only when the broker is on loopback.</summary>
    public bool? AllowAnonymous { get; init; }

    /// <summary>Refusals per minute, actor and code that leave an event; more only count. The default is 200.</summary>
    [Range(1, 1_000_000)]
    public int RefusalsPerMinute { get; init; } = 200;

    /// <summary>Refusals of one actor and code taken at once. The default is 200.</summary>
    [Range(1, 1_000_000)]
    public int RefusalBurst { get; init; } = 200;

    /// <summary>The same for commands whose sender may not give them. The default is 10.</summary>
    [Range(1, 1_000_000)]
    public int ForbiddenPerMinute { get; init; } = 10;

    /// <summary>How often the dispatcher looks for saga messages while there are some. The default is 20 milliseconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan DispatchBusyInterval { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How often it looks while there are none. The default is 100 milliseconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan DispatchIdleInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long one dispatcher owns the rows it claimed; another takes them after that. The default is 4 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan DispatchClaimTime { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Days a handled message id is remembered. The default is 7.</summary>
    [Range(1, 3_650)]
    public int InboxRetentionDays { get; init; } = 7;

    /// <summary>Days a saga that waits for nothing more is kept; longer than its messages are remembered. The default is 90.</summary>
    [Range(1, 3_650)]
    public int SagaRetentionDays { get; init; } = 90;

    /// <summary>How often the collector of dead letters looks for queues of new workers. The default is 5 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "01:00:00")]
    public TimeSpan DeadLetterScanInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether an address names several nodes.</summary>
    public static bool IsCluster(string address) => BrokerAddress.TryParse(address, out var broker) && broker.Nodes.Count > 1;

    /// <summary>The platform's own account on the broker; null in memory.</summary>
    public string? OwnUser => InMemory ? null : Broker.User;

    internal bool InMemory => Transport == "memory";

    internal bool AnonymousAllowed => AllowAnonymous ?? (InMemory || Broker.IsLoopback);

    internal BrokerAddress Broker => BrokerAddress.Parse(Address);

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!InMemory && !BrokerAddress.TryParse(Address, out _))
        {
            yield return new ValidationResult(
                "EVENTML_RABBITMQ must be an address like amqp://user:password@host:5672/vhost, or amqp://user:password@host1:5672,host2:5672,host3:5672/vhost for a cluster; start the servers with ./eventml up, or set the bus transport to 'memory'.", [nameof(Address)]);
        }

        if (SagaRetentionDays <= InboxRetentionDays)
        {
            yield return new ValidationResult("SagaRetentionDays must be longer than InboxRetentionDays, else a repeated message would start a finished saga again.", [nameof(SagaRetentionDays)]);
        }
    }
}
