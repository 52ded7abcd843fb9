using System.Globalization;
using EventMl.EventStore;

namespace EventMl.Bus;

/// <summary>A message that its consumer could not handle, or that nobody wanted.</summary>
/// <param name="Queue">The queue it was consumed from, without the platform's prefix.</param>
/// <param name="Skipped">Nobody in that queue wanted its type; otherwise it failed.</param>
/// <param name="Redelivered">The broker has handed it out before, so that it may be known already.</param>
/// <param name="Message">The message with the headers that say why.</param>
public sealed record DeadLetter(string Queue, bool Skipped, bool Redelivered, RawMessage Message)
{
    private const string SkippedReason = "No consumer of the queue takes this type of message.";

    /// <summary>Type of the exception; <c>skipped</c> for what nobody wanted.</summary>
    public string ExceptionType => Text("MT-Fault-ExceptionType") ?? (Skipped ? "skipped" : "unknown");

    /// <summary>The exception's message.</summary>
    public string Reason => Text("MT-Fault-Message") ?? (Skipped ? SkippedReason : "The dead letter carries no reason.");

    /// <summary>The exception's stack; empty when there is none.</summary>
    public string Stack => Text("MT-Fault-StackTrace") ?? "";

    /// <summary>Machine and process that gave up on it; empty when unknown.</summary>
    public string Host => $"{Text("MT-Host-MachineName")} {Text("MT-Host-ProcessName")} {Text("MT-Host-ProcessId")}".Trim();

    /// <summary>Name of the message, when its envelope or the fault says it.</summary>
    public string? MessageType => Message.MessageType ?? Text("MT-Fault-MessageType");

    /// <summary>When it failed, in microseconds; null when the letter does not say.</summary>
    public DateTimeOffset? FailedAt =>
        DateTimeOffset.TryParse(Message.Header("MT-Fault-Timestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? Clean.Time(at) : null;

    private string? Text(string header) => Message.Header(header) is { } text ? Clean.Text(text) : null;
}

/// <summary>Where dead letters are kept; a letter leaves its queue only after this has returned.</summary>
public interface IDeadLetterStore
{
    /// <summary>Keeps a letter durably; the same letter may come twice.</summary>
    Task KeepAsync(DeadLetter letter, CancellationToken cancellationToken);
}
