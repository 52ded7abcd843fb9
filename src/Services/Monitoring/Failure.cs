using EventMl.Contracts;
using EventMl.Contracts.Monitoring;
using EventMl.EventStore;

namespace EventMl.Monitoring;

/// <summary>Where a failed message stands.</summary>
internal static class FailureState
{
    public const string Failed = "failed";
    public const string Retrying = "retrying";
    public const string Resolved = "resolved";
    public const string Discarded = "discarded";

    public static readonly string[] All = [Failed, Retrying, Resolved, Discarded];
}

/// <summary>A change of a message before it is sent again.</summary>
/// <param name="BodySha256">Hash of the body that will be sent.</param>
/// <param name="Headers">Names of the changed headers.</param>
internal sealed record FailureEdit(string BodySha256, IReadOnlyList<string> Headers);

/// <summary>What people decided about one failed message; the message itself is a row, since what is malformed never enters the ledger.</summary>
internal sealed record Failure(int Redrives) : IAggregate<Failure>
{
    public static string Category => "failure";

    public static Failure Initial { get; } = new(0);

    public Decision Retry(FailureRow row, FailureEdit? edit, Guid messageId, string reason, DateTimeOffset now)
    {
        if (row.State != FailureState.Failed)
        {
            return NotOpen(row);
        }

        var number = Redrives + 1;
        var redriven = new FailureRetried(row.FailureId, number, row.Queue, messageId.ToString("D"), edit?.BodySha256 ?? row.BodySha256, row.Group, reason, now);
        return edit is null
            ? Decision.Of(redriven)
            : Decision.Of(new FailureEdited(row.FailureId, number, row.Queue, row.BodySha256, edit.BodySha256, edit.Headers, reason, now), redriven);
    }

    public static Decision Discard(FailureRow row, string reason, DateTimeOffset now) => row.State == FailureState.Failed
        ? Decision.Of(new FailureDiscarded(row.FailureId, row.Queue, row.BodySha256, row.Group, reason, now))
        : NotOpen(row);

    public Decision Return(FailureRow row, string group, DateTimeOffset now) => row.State == FailureState.Failed
        ? Decision.Nothing
        : Decision.Of(new FailureReturned(row.FailureId, Redrives, row.Queue, group, now));

    public Decision Resolve(FailureRow row, DateTimeOffset now) => row.State == FailureState.Retrying
        ? Decision.Of(new FailureResolved(row.FailureId, Redrives, row.Queue, now))
        : Decision.Nothing;

    public Failure Evolve(object @event) => @event is FailureRetried ? new Failure(Redrives + 1) : this;

    private static Decision NotOpen(FailureRow row) => Decision.Refuse(ErrorCodes.FailureNotOpen, row.State switch
    {
        FailureState.Retrying => $"'{row.FailureId}' is being retried; wait until it is resolved or has failed again.",
        FailureState.Resolved => $"'{row.FailureId}' is resolved: its receiver handled it. There is nothing left to do.",
        _ => $"'{row.FailureId}' was discarded; send the message anew if it is wanted after all.",
    });
}
