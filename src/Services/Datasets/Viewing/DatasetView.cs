using System.Text.Json;
using System.Text.Json.Nodes;
using EventMl.Contracts.Datasets;
using EventMl.EventStore;
using EventMl.Jobs;
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
        DataIngested e => Add(row, e.Version, new(
            e.Dataset, e.StoragePath, e.StoragePath, e.IngestedAt, Types(e.Schema), e.NumRows, e.SizeBytes, WithSize(e.Stats, e.NumRows, e.SizeBytes), e.Version, [])),
        DatasetVersionCommitted e => Add(row, e.Version, new(
            e.Dataset, e.StoragePath, e.StoragePath, e.CommittedAt, Types(e.Schema), e.NumRows, e.SizeBytes, WithSize(RequestRules.EmptyObject, e.NumRows, e.SizeBytes), e.Version, [])),
        DatasetVersionsExpired e when row is not null => row with { Versions = [.. row.Versions.Except(e.Versions)] },
        DatasetDeleted => null,
        _ => row,
    };

    // The newest version is on top, in whatever order they are reported.
    private static DatasetRow Add(DatasetRow? row, long version, DatasetRow added) =>
        (row is null || version > row.Version ? added : row) with { Versions = [.. row?.Versions ?? [], version] };

    private static Dictionary<string, string> Types(IReadOnlyList<DatasetField> schema) => schema.ToDictionary(f => f.Name, f => f.Type, StringComparer.Ordinal);

    // The walk-through's stats hold total_records and size_bytes whatever the script reports.
    private static JsonElement WithSize(JsonElement reported, long rows, long bytes)
    {
        var stats = JsonObject.Create(reported.ValueKind == JsonValueKind.Object ? reported : RequestRules.EmptyObject)!;
        stats["total_records"] ??= rows;
        stats["size_bytes"] ??= bytes;
        return JsonSerializer.SerializeToElement(stats);
    }
}
