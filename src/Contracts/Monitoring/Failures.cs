using System.Text.Json;

namespace EventMl.Contracts.Monitoring;

/// <summary>Asks for a failed message to be sent again, as it was or changed.</summary>
public sealed record RetryFailure
{
    /// <summary>The failure (<c>fail-…</c>).</summary>
    public string? FailureId { get; init; }

    /// <summary>Why, for the ledger.</summary>
    public string? Reason { get; init; }

    /// <summary>A body of text to send instead; the message then goes in the name of who asks.</summary>
    public string? Body { get; init; }

    /// <summary>A body of any bytes to send instead, in base64; not together with <see cref="Body"/>.</summary>
    public string? BodyBase64 { get; init; }

    /// <summary>Content type to send instead.</summary>
    public string? ContentType { get; init; }

    /// <summary>Headers to set (a JSON object of texts, numbers and truth values); null removes one.</summary>
    public JsonElement? Headers { get; init; }
}

/// <summary>Asks for many failed messages to be sent again, the oldest 500 at most.</summary>
public sealed record RetryFailures
{
    /// <summary>Only those of this cause; all when absent.</summary>
    public string? Group { get; init; }

    /// <summary>Why, for the ledger.</summary>
    public string? Reason { get; init; }

    /// <summary>Only what last failed before this instant, so that a repeat of the command does not catch what failed again.</summary>
    public DateTimeOffset? FailedBefore { get; init; }
}

/// <summary>Asks for a failed message never to be sent again.</summary>
public sealed record DiscardFailure
{
    /// <summary>The failure (<c>fail-…</c>).</summary>
    public string? FailureId { get; init; }

    /// <summary>Why, for the ledger.</summary>
    public string? Reason { get; init; }
}

/// <summary>Asks for the failed messages of one cause never to be sent again, the oldest 500 at most.</summary>
public sealed record DiscardFailures
{
    /// <summary>The cause.</summary>
    public string? Group { get; init; }

    /// <summary>Why, for the ledger.</summary>
    public string? Reason { get; init; }

    /// <summary>Only what last failed before this instant.</summary>
    public DateTimeOffset? FailedBefore { get; init; }
}

/// <summary>A person decided that a failed message is sent again; it goes out after this.</summary>
/// <param name="FailureId">Id of the failure.</param>
/// <param name="Redrive">How often that was decided, this time included.</param>
/// <param name="Queue">The queue it failed in and goes back to.</param>
/// <param name="MessageId">Its identity, by which the receiver knows it.</param>
/// <param name="BodySha256">Content hash of the body that is sent, hexadecimal; the body itself never enters the ledger.</param>
/// <param name="Group">Fingerprint of the cause it failed of.</param>
/// <param name="Reason">Why.</param>
/// <param name="RetriedAt">When.</param>
public sealed record FailureRetried(string FailureId, int Redrive, string Queue, string MessageId, string BodySha256, string Group, string Reason, DateTimeOffset RetriedAt);

/// <summary>A person changed a failed message before it was sent again; from here on it is that person's.</summary>
/// <param name="FailureId">Id of the failure.</param>
/// <param name="Redrive">The re-drive it was changed for.</param>
/// <param name="Queue">The queue it failed in.</param>
/// <param name="BodySha256Before">Content hash of the body that failed, hexadecimal.</param>
/// <param name="BodySha256">Content hash of the body that is sent, hexadecimal.</param>
/// <param name="Headers">Names of the headers that were set or removed.</param>
/// <param name="Reason">Why.</param>
/// <param name="EditedAt">When.</param>
public sealed record FailureEdited(
    string FailureId, int Redrive, string Queue, string BodySha256Before, string BodySha256, IReadOnlyList<string> Headers, string Reason, DateTimeOffset EditedAt);

/// <summary>A person decided that a failed message is never sent again.</summary>
/// <param name="FailureId">Id of the failure.</param>
/// <param name="Queue">The queue it failed in.</param>
/// <param name="BodySha256">Content hash of its body, hexadecimal.</param>
/// <param name="Group">Fingerprint of the cause it failed of.</param>
/// <param name="Reason">Why.</param>
/// <param name="DiscardedAt">When.</param>
public sealed record FailureDiscarded(string FailureId, string Queue, string BodySha256, string Group, string Reason, DateTimeOffset DiscardedAt);

/// <summary>A message that was sent again failed again, or could not be sent.</summary>
/// <param name="FailureId">Id of the failure.</param>
/// <param name="Redrive">The re-drive it came back from.</param>
/// <param name="Queue">The queue it failed in.</param>
/// <param name="Group">Fingerprint of the cause it failed of this time.</param>
/// <param name="ReturnedAt">When.</param>
public sealed record FailureReturned(string FailureId, int Redrive, string Queue, string Group, DateTimeOffset ReturnedAt);

/// <summary>A message that was sent again was handled: its receiver remembers it.</summary>
/// <param name="FailureId">Id of the failure.</param>
/// <param name="Redrive">The re-drive that did it.</param>
/// <param name="Queue">The queue it had failed in.</param>
/// <param name="ResolvedAt">When that was found.</param>
public sealed record FailureResolved(string FailureId, int Redrive, string Queue, DateTimeOffset ResolvedAt);

/// <summary>A command for a failed message was refused.</summary>
/// <param name="FailureId">The failure it named, if any.</param>
/// <param name="Group">The cause it named, if any.</param>
/// <param name="Command">The command that was refused.</param>
/// <param name="Code">What kind of problem, for programs.</param>
/// <param name="Message">What is wrong and what to do, for people.</param>
/// <param name="RejectedAt">When.</param>
public sealed record FailureRejected(string? FailureId, string? Group, string Command, string Code, string Message, DateTimeOffset RejectedAt);
