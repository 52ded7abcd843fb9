namespace EventMl.Bus;

/// <summary>Names of the doors, as they stand in the ledger's <c>source</c> header.</summary>
public static class Doors
{
    /// <summary>An HTTP request.</summary>
    public const string Rest = "rest";

    /// <summary>A message.</summary>
    public const string Bus = "bus";

    /// <summary>A runner reporting on its own job.</summary>
    public const string Worker = "worker";
}

/// <summary>One knock on a door: who, through what, and under which identities.</summary>
public sealed record DoorCall
{
    /// <summary>The principal, or <c>anonymous</c>.</summary>
    public required string Actor { get; init; }

    /// <summary>What the caller may do; the door holds commands against it.</summary>
    public required Grant Grant { get; init; }

    /// <summary>One of <see cref="Doors"/>.</summary>
    public required string Door { get; init; }

    /// <summary>Id shared by everything that follows; a new one is made when absent.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>Id of the message or request that caused this; the correlation id when absent.</summary>
    public string? CausationId { get; init; }

    /// <summary>Id of the bus message; null when it carried none, and always null on REST.</summary>
    public Guid? MessageId { get; init; }

    /// <summary>The caller's <c>Idempotency-Key</c>; REST only.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>W3C trace context; that of the running activity when absent.</summary>
    public string? TraceParent { get; init; }
}

/// <summary>A bus command names neither a task nor itself, so that a repeat could not be told from a new wish.</summary>
public sealed class MissingIdentityException(string queue)
    : Exception($"The message on '{queue}' has neither an id in its body (for example taskId) nor an AMQP message-id; set one of them and send it again.");

/// <summary>An event came from somebody else than the platform.</summary>
public sealed class ForeignEventException(string queue, string? user)
    : Exception($"The event on '{queue}' was published {(string.IsNullOrEmpty(user) ? "without an AMQP user-id" : $"by '{user}'")}; only the platform's own account says what happened. Send a command instead.");

/// <summary>A message came from nobody that the platform knows: without a broker-checked <c>user-id</c>, or from an account that speaks for no principal.</summary>
public sealed class UnauthenticatedMessageException(string queue, string? user = null)
    : Exception(user is null
        ? $"The message on '{queue}' has no AMQP user-id; set the property to the name you log in with and send it again."
        : $"The message on '{queue}' is from the broker account '{user}', which speaks for no principal; an admin says for whom it does: eventml access principals grant NAME --role ROLE --broker-user {user}.");
