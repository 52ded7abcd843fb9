using System.Text.Json;
using System.Text.Json.Nodes;
using EventMl.Contracts.Datasets;
using EventMl.EventStore;
using Npgsql;

namespace EventMl.Datasets.Viewing;

/// <summary>What REST shows of a dataset: its latest version, and which versions there are.</summary>
internal sealed record DatasetRow(
    string Id, string Path, string StoragePath, DateTimeOffset CreatedAt, IReadOnlyDictionary<string, string> Schema,
    long NumRows, long SizeBytes, JsonElement Stats, long Version, IReadOnlyList<long> Versions);

internal sealed class DatasetView(NpgsqlDataSource dataSource)
    : View<DatasetRow>(dataSource, DatasetsModule.Schema, "dataset_view", Dataset.Category)
{
    public override DatasetRow? Apply(DatasetRow? row, StoredEvent @event) => @event.Data switch
    {
        DataIngested e when row is null || e.Version > row.Version => new(
            e.Dataset, e.StoragePath, e.StoragePath, e.IngestedAt, e.Schema.ToDictionary(f => f.Name, f => f.Type, StringComparer.Ordinal),
            e.NumRows, e.SizeBytes, WithSize(e), e.Version, [.. row?.Versions ?? [], e.Version]),
        DataIngested e => row! with { Versions = [.. row!.Versions, e.Version] },
        DatasetDeleted => null,
        _ => row,
    };

    // The walk-through's stats hold total_records and size_bytes whatever the script reports.
    private static JsonElement WithSize(DataIngested version)
    {
        var stats = JsonObject.Create(version.Stats.ValueKind == JsonValueKind.Object ? version.Stats : JsonSerializer.SerializeToElement(new { }))!;
        stats["total_records"] ??= version.NumRows;
        stats["size_bytes"] ??= version.SizeBytes;
        return JsonSerializer.SerializeToElement(stats);
    }
}
