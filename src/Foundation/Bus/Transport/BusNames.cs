using MassTransit;

namespace EventMl.Bus;

/// <summary>Names on the broker: exchanges by message, queues by area.</summary>
public static class BusNames
{
    /// <summary>Exchange of a message: <c>eventml.&lt;area&gt;.&lt;kebab-message&gt;</c>; the area is the last part of its namespace.</summary>
    public static string Exchange(Type message)
    {
        if (message is { IsGenericType: true } && message.GetGenericTypeDefinition() == typeof(Fault<>))
        {
            return $"{Exchange(message.GetGenericArguments()[0])}-fault";
        }

        var area = message.Namespace?.Split('.')[^1] ?? throw new ArgumentException($"{message.Name} has no namespace; messages need one.", nameof(message));
        return $"eventml.{area.ToLowerInvariant()}.{Kebab(message)}";
    }

    /// <summary>Queue of a command: <c>&lt;area&gt;-&lt;kebab-command&gt;</c>.</summary>
    public static string CommandQueue(string area, Type command) => $"{area}-{Kebab(command)}";

    /// <summary>Queue of an area's reaction to an event: <c>&lt;area&gt;-on-&lt;kebab-event&gt;</c>.</summary>
    public static string ObserverQueue(string area, Type @event) => $"{area}-on-{Kebab(@event)}";

    /// <summary>Queue of a saga: <c>sagas-&lt;kind&gt;</c>.</summary>
    public static string SagaQueue(string kind) => $"sagas-{kind}";

    internal static IEntityNameFormatter Formatter { get; } = new ExchangeNameFormatter();

    private static string Kebab(Type type)
    {
        var name = type.Name.Split('`')[0];
        return KebabCaseEndpointNameFormatter.Instance.SanitizeName(name);
    }

    private sealed class ExchangeNameFormatter : IEntityNameFormatter
    {
        public string FormatEntityName<T>() => Exchange(typeof(T));
    }
}

/// <summary>Names of the headers that travel with every message of the platform.</summary>
public static class BusHeaders
{
    /// <summary>Principal that caused the message; trusted only from the platform's own broker account.</summary>
    public const string Actor = "actor";

    /// <summary>Id shared by everything that follows from one request.</summary>
    public const string Correlation = "correlation";

    /// <summary>Stream of the event.</summary>
    public const string EventStream = "event-stream";

    /// <summary>Version of the event in its stream.</summary>
    public const string EventVersion = "event-version";

    /// <summary>Position of the event in the ledger.</summary>
    public const string EventPosition = "event-position";

    /// <summary>When the event was appended, RFC 3339 in microseconds.</summary>
    public const string EventTime = "event-time";

    /// <summary>W3C trace context.</summary>
    public const string TraceParent = "traceparent";

    /// <summary>User that sent a message which is or was in a dead letter queue; empty for nobody the broker vouched for. Trusted only under the platform's own account.</summary>
    public const string OriginalUser = "original-user-id";
}
