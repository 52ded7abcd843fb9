using EventMl.Bus;
using EventMl.Contracts;
using EventMl.EventStore;

namespace EventMl.Monitoring.Redriving;

/// <summary>What every decision on failures has in common.</summary>
internal static class Wish
{
    /// <summary>Most failures one command decides on, so that its transaction stays short.</summary>
    public const int Most = 500;

    private const int MaxReason = 1000;

    public static Refusal? CheckReason(string? reason) => string.IsNullOrWhiteSpace(reason)
        ? Invalid("'reason' is missing; say why, the ledger keeps it.")
        : reason.Length > MaxReason ? Invalid($"'reason' may hold at most {MaxReason} characters.") : null;

    public static Refusal Invalid(string message) => new(ErrorCodes.InvalidRequest, message);

    public static Refusal NotFound(string? failureId) =>
        new(ErrorCodes.FailureNotFound, $"There is no failed message '{failureId}'; list the failures to find its id.");

    /// <summary>Decides on the failures of a cause (or all) that are still open, the oldest first; how many, and how many are left.</summary>
    public static async Task<CommandResult> ManyAsync(
        CommandContext context, string? group, DateTimeOffset? failedBefore, Func<FailureRow, Loaded<Failure>, Task<Decision>> decide, CancellationToken cancellationToken)
    {
        var before = failedBefore ?? context.Now.AddTicks(TimeSpan.TicksPerMicrosecond);
        if (group is not null && !await ExistsAsync(context.Transaction, group, cancellationToken))
        {
            return CommandResult.Refused(ErrorCodes.FailureNotFound, $"There is no cause '{group}'; list the groups to find it.");
        }

        var rows = await FailureTable.LockOpenAsync(context.Transaction, group, before, Most, cancellationToken);
        foreach (var row in rows)
        {
            var failure = await context.Transaction.LoadAsync<Failure>(row.FailureId, cancellationToken);
            var decision = await decide(row, failure);
            await context.Transaction.AppendAsync(failure, decision.Events, context.Metadata, cancellationToken);
        }

        return CommandResult.Accepted(new ManyDecided(rows.Count, rows.Count == Most));
    }

    private static async Task<bool> ExistsAsync(LedgerTransaction transaction, string group, CancellationToken cancellationToken)
    {
        await using var exists = transaction.Command("select exists(select from monitoring.failure where cause = $1)", FailureTable.Text(group));
        return await exists.ExecuteScalarAsync(cancellationToken) is true;
    }
}

/// <summary>What came of a command for many failures.</summary>
internal sealed record ManyDecided(int Count, bool MayBeMore);
