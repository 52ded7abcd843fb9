namespace EventMl.Data.Quality;

/// <summary>What another suite would have said of the same version: which expectations and which rows changed their verdict.</summary>
public sealed record SuiteComparison
{
    /// <summary>The outcome under the old suite.</summary>
    public required Outcome Before { get; init; }

    /// <summary>The outcome under the new suite.</summary>
    public required Outcome After { get; init; }

    /// <summary>The expectations whose verdict or failing rows changed, by id.</summary>
    public required IReadOnlyList<ExpectationChange> Changes { get; init; }

    /// <summary>Rows that the new suite puts aside and the old one did not.</summary>
    public required RowSet NewlyQuarantined { get; init; }

    /// <summary>Rows that the old suite put aside and the new one does not.</summary>
    public required RowSet Released { get; init; }

    /// <summary>Compares two reports on the same version.</summary>
    /// <exception cref="ArgumentException">The reports are on different numbers of rows.</exception>
    public static SuiteComparison Of(SuiteReport before, SuiteReport after)
    {
        if (before.Rows != after.Rows)
            throw new ArgumentException($"The reports are on {before.Rows} and {after.Rows} rows; compare reports on the same version.", nameof(after));
        var old = before.Expectations.ToDictionary(e => e.Id, StringComparer.Ordinal);
        var current = after.Expectations.ToDictionary(e => e.Id, StringComparer.Ordinal);
        return new SuiteComparison
        {
            Before = before.Outcome,
            After = after.Outcome,
            Changes = [.. old.Keys.Union(current.Keys, StringComparer.Ordinal).Select(id => Change(id, old.GetValueOrDefault(id), current.GetValueOrDefault(id))).OfType<ExpectationChange>()],
            NewlyQuarantined = after.Quarantined.Except(before.Quarantined),
            Released = before.Quarantined.Except(after.Quarantined),
        };
    }

    private static ExpectationChange? Change(string id, ExpectationResult? before, ExpectationResult? after)
    {
        var (failed, failing) = (before?.Failing ?? RowSet.Empty, after?.Failing ?? RowSet.Empty);
        var change = new ExpectationChange(id, before?.Outcome, after?.Outcome, failing.Except(failed), failed.Except(failing));
        return change.Before == change.After && change.NewlyFailing.Ranges.Count == 0 && change.NoLongerFailing.Ranges.Count == 0 ? null : change;
    }
}

/// <summary>How an expectation's verdict changed; an outcome is null where a suite does not have the expectation.</summary>
public sealed record ExpectationChange(string Id, Outcome? Before, Outcome? After, RowSet NewlyFailing, RowSet NoLongerFailing);
