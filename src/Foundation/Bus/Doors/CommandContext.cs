using EventMl.Contracts;
using EventMl.EventStore;

namespace EventMl.Bus;

/// <summary>What a handler may use while it decides one command.</summary>
public sealed class CommandContext
{
    /// <summary>The open transaction; nothing is true before the door commits it.</summary>
    public required LedgerTransaction Transaction { get; init; }

    /// <summary>Who, through what and why; goes with every append.</summary>
    public required EventMetadata Metadata { get; init; }

    /// <summary>What the caller may do beyond the command's own rule.</summary>
    public required Grant Grant { get; init; }

    /// <summary>The ledger's time of this decision.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Id of the bus message, if it has one.</summary>
    public Guid? MessageId { get; init; }

    /// <summary>The caller's <c>Idempotency-Key</c>, if there is one.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>One of <see cref="Doors"/>.</summary>
    public required string Door { get; init; }

    /// <summary>Name of the command's queue, which scopes derived ids.</summary>
    public required string Queue { get; init; }

    /// <summary>Whether a saga of the platform asks; nobody else can take such a name.</summary>
    public bool IsFromSaga => Metadata.Actor.StartsWith(SagaTransaction.ActorPrefix, StringComparison.Ordinal);

    /// <summary>The public id of a command that names none: the same for a repeated message or Idempotency-Key, a new one for a plain REST call.</summary>
    /// <param name="prefix">First part of the id, such as <c>train</c>.</param>
    /// <exception cref="MissingIdentityException">A bus message without a message id.</exception>
    public string DeriveId(string prefix)
    {
        if (Door == Doors.Bus)
        {
            return Ids.Named(prefix, Ids.Derive(Queue, MessageId?.ToString("D") ?? throw new MissingIdentityException(Queue)));
        }

        return IdempotencyKey is { } key ? Ids.Named(prefix, Ids.Derive($"actor:{Metadata.Actor}", key)) : Ids.New(prefix);
    }
}
