using System.Text.Json;
using System.Text.Json.Nodes;
using EventMl.Arrow;

namespace EventMl.Data.Quality;

/// <summary>Other values for some columns of a quarantined row.</summary>
/// <param name="Id">The row's id.</param>
/// <param name="Changes">A JSON object: columns and their new values, null included.</param>
public sealed record RowFix(string Id, string Changes);

/// <summary>What a re-drive brings.</summary>
public sealed record RedriveResult
{
    /// <summary>The rows that go through now, in the order given.</summary>
    public required RecordBatch Accepted { get; init; }

    /// <summary>Their ids, row by row; to be noted in the commit that takes the rows, so that no row arrives twice.</summary>
    public required IReadOnlyList<string> AcceptedIds { get; init; }

    /// <summary>The rows that do not, with the reasons they have now; their content and ids are as before.</summary>
    public required IReadOnlyList<QuarantinedRow> Remaining { get; init; }

    /// <summary>Ids that had been delivered before, which are left alone.</summary>
    public required IReadOnlyList<string> AlreadyDelivered { get; init; }

    /// <summary>Fixes for rows that are not in the quarantine.</summary>
    public required IReadOnlyList<string> UnknownFixes { get; init; }
}

/// <summary>Judges quarantined rows again after a fix of the rows or of the suite. Uniqueness is judged among these rows only.</summary>
public static class Redrive
{
    private const string Unreadable = "row";

    /// <summary>Applies the fixes and tells which rows go through.</summary>
    /// <param name="rows">The quarantined rows; of several with one id the first counts.</param>
    /// <param name="fixes">At most one fix per row.</param>
    /// <param name="schema">The dataset's columns.</param>
    /// <param name="suite">The suite to judge by.</param>
    /// <param name="context">What the suite needs.</param>
    /// <param name="delivered">Ids of rows that earlier re-drives delivered.</param>
    /// <exception cref="ArgumentException">Two fixes are for one row.</exception>
    public static RedriveResult Run(
        IEnumerable<QuarantinedRow> rows, IEnumerable<RowFix> fixes, ArrowSchema schema, QualitySuite suite, SuiteContext context, IReadOnlySet<string> delivered)
    {
        var changes = fixes.ToDictionary(f => f.Id, f => f.Changes, StringComparer.Ordinal);
        var all = rows.DistinctBy(r => r.Id, StringComparer.Ordinal).ToList();
        var (read, remaining, tried) = (new List<QuarantinedRow>(), new List<QuarantinedRow>(), new List<string>());
        var builder = new RecordBatchBuilder(schema);
        foreach (var row in all.Where(r => !delivered.Contains(r.Id)))
        {
            try
            {
                var json = changes.TryGetValue(row.Id, out var change) ? Patch(row.Row, change) : row.Row;
                // Tried alone first: a row that fails half-way would leave columns of different lengths.
                Append(new RecordBatchBuilder(schema), json);
                Append(builder, json);
                read.Add(row);
                tried.Add(json);
            }
            catch (Exception e) when (e is FormatException or JsonException)
            {
                remaining.Add(row with { Reasons = [new RowReason(Unreadable, e.Message)] });
            }
        }

        var verdict = new SuiteEvaluation(suite, schema, context).Observe(builder.Build());
        var accepted = new List<string>();
        for (var i = 0; i < read.Count; i++)
        {
            if (verdict.IsQuarantined(i))
            {
                remaining.Add(read[i] with { Reasons = verdict.Reasons(i) });
                continue;
            }

            Append(builder, tried[i]);
            accepted.Add(read[i].Id);
        }

        return new RedriveResult
        {
            Accepted = builder.Build(),
            AcceptedIds = accepted,
            Remaining = [.. remaining.OrderBy(r => r.Source, StringComparer.Ordinal).ThenBy(r => r.Position)],
            AlreadyDelivered = [.. all.Select(r => r.Id).Where(delivered.Contains)],
            UnknownFixes = [.. changes.Keys.Except(all.Select(r => r.Id), StringComparer.Ordinal)],
        };
    }

    private static void Append(RecordBatchBuilder builder, string json)
    {
        using var row = JsonDocument.Parse(json);
        JsonRows.Append(builder, row.RootElement);
    }

    private static string Patch(string row, string changes)
    {
        if (JsonNode.Parse(row) is not JsonObject fixedRow || JsonNode.Parse(changes) is not JsonObject patch)
            throw new FormatException("a fix is a JSON object of columns and values");
        foreach (var (column, value) in patch)
            fixedRow[column] = value?.DeepClone();
        return fixedRow.ToJsonString();
    }
}
