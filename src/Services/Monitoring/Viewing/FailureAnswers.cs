using System.Text;
using System.Text.Unicode;
using EventMl.Bus;

namespace EventMl.Monitoring.Viewing;

/// <summary>A failed message in a list.</summary>
internal sealed record FailureSummary(
    string Id, string State, string Queue, string Kind, string? MessageType, string Group, string ExceptionType, string Reason, int Failures, int Redrives,
    DateTimeOffset FirstFailedAt, DateTimeOffset LastFailedAt, DateTimeOffset ChangedAt)
{
    private const int MaxReason = 500;

    public static FailureSummary Of(FailureRow row) => new(
        row.FailureId, row.State, row.Queue, KindOf(row), row.MessageType, row.Group, row.ExceptionType, EventStore.Clean.Text(row.Reason, MaxReason), row.Failures, row.Redrives,
        row.FirstFailedAt, row.LastFailedAt, row.ChangedAt);

    public static string KindOf(FailureRow row) => row.Skipped ? "skipped" : "error";
}

/// <summary>Everything about a failed message; the body as text where it is UTF-8, else in base64.</summary>
internal sealed record FailureDetail(
    string Id, string State, string Queue, string Kind, string? MessageId, string? MessageType, string Group, string Cause, string ExceptionType, string Reason, string Stack, string Host,
    int Failures, int Redrives, DateTimeOffset FirstFailedAt, DateTimeOffset LastFailedAt, DateTimeOffset ChangedAt, DateTimeOffset? SentAt,
    string? ContentType, long SizeBytes, string BodySha256, string? Body, string? BodyBase64, IReadOnlyDictionary<string, object> Properties, IReadOnlyDictionary<string, object?> Headers)
{
    public static FailureDetail Of(FailureRow row, string stack, string host, DateTimeOffset? sentAt, RawMessage message)
    {
        var isText = Utf8.IsValid(message.Body.Span);
        return new FailureDetail(
            row.FailureId, row.State, row.Queue, FailureSummary.KindOf(row), row.MessageId?.ToString("D"), row.MessageType, row.Group, row.Cause, row.ExceptionType, row.Reason, stack, host,
            row.Failures, row.Redrives, row.FirstFailedAt, row.LastFailedAt, row.ChangedAt, sentAt, row.ContentType, row.SizeBytes, row.BodySha256,
            isText ? Encoding.UTF8.GetString(message.Body.Span) : null, isText ? null : Convert.ToBase64String(message.Body.Span), message.Named(), message.Headers);
    }
}

/// <summary>Failures of one cause; <c>example</c> is the newest of them.</summary>
internal sealed record FailureGroup(
    string Id, string Queue, string ExceptionType, string Cause, long Count, DateTimeOffset FirstFailedAt, DateTimeOffset LastFailedAt, string Example);
