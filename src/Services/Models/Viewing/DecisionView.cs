using System.Text.Json;
using EventMl.Contracts.Models;
using EventMl.EventStore;
using Npgsql;

namespace EventMl.Models.Viewing;

/// <summary>What REST shows of a promotion decision.</summary>
internal sealed record DecisionRow(
    string DecisionId, bool Allowed, IReadOnlyList<RuleOutcome> Rules, string Model, long Version, long? Champion,
    string EvaluatorVersion, string PolicySha256, DateTimeOffset DecidedAt)
{
    public static DecisionRow From(PromotionDecided e) =>
        new(e.DecisionId, e.Allowed, e.Rules, e.Model, e.Version, e.Champion, e.EvaluatorVersion, e.PolicySha256, e.DecidedAt);
}

internal sealed class DecisionView(NpgsqlDataSource dataSource)
    : View<DecisionRow>(dataSource, ModelsModule.Schema, ViewTable, ModelsModule.DecisionCategory)
{
    private const string ViewTable = "decision_view";

    private readonly NpgsqlDataSource _dataSource = dataSource;

    /// <summary>Statement that creates the index of <see cref="OfModelAsync"/> when missing.</summary>
    public static string IndexSql => $"create index if not exists {ViewTable}_model on {ModelsModule.Schema}.{ViewTable} ((data->>'{nameof(DecisionRow.Model)}'), created_at, id)";

    public override DecisionRow? Apply(DecisionRow? row, StoredEvent @event) =>
        @event.Data is PromotionDecided e ? DecisionRow.From(e) : row;

    /// <summary>The decisions on one model that a reader of the past knows; it looks through all models' decisions.</summary>
    /// <exception cref="FormatException">The cursor is not one of this list.</exception>
    public static async Task<(IReadOnlyList<DecisionRow> Rows, string? Next)> OfModelAsync(
        IViewReader<DecisionRow> past, string model, int limit, string? cursor, CancellationToken cancellationToken)
    {
        var found = new List<DecisionRow>();
        do
        {
            var (rows, next) = await past.ListAsync(limit - found.Count, cursor, cancellationToken);
            found.AddRange(rows.Select(r => r.Row).Where(d => d.Model == model));
            cursor = next;
        }
        while (cursor is not null && found.Count < limit);

        return (found, cursor);
    }

    /// <summary>The decisions on one model in their order, after the one that the cursor names; the cursor of the next page is null at the end.</summary>
    /// <exception cref="FormatException">The cursor names no decision.</exception>
    public async Task<(IReadOnlyList<DecisionRow> Rows, string? Next)> OfModelAsync(string model, int limit, string? cursor, CancellationToken cancellationToken)
    {
        if (cursor is not null && await GetAsync(cursor, cancellationToken) is null)
        {
            throw new FormatException($"There is no decision '{cursor}'.");
        }

        var after = cursor is null ? "" : $"and (created_at, id) > (select created_at, id from {ModelsModule.Schema}.{ViewTable} where id = $3)";
        await using var command = _dataSource.CreateCommand(
            $"select data::text from {ModelsModule.Schema}.{ViewTable} where data->>'{nameof(DecisionRow.Model)}' = $1 {after} order by created_at, id limit $2");
        command.Parameters.AddWithValue(model);
        command.Parameters.AddWithValue(limit + 1);
        if (cursor is not null)
        {
            command.Parameters.AddWithValue(cursor);
        }

        var rows = new List<DecisionRow>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(JsonSerializer.Deserialize<DecisionRow>(reader.GetString(0), LedgerJson.Options)!);
        }

        return rows.Count > limit ? (rows[..limit], rows[limit - 1].DecisionId) : (rows, null);
    }
}
