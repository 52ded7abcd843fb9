using System.Text.Json;
using EventMl.Contracts.Datasets;
using EventMl.EventStore;
using Npgsql;

namespace EventMl.Datasets.Viewing;

/// <summary>What REST shows of a dataset: its latest version, and which versions there are.</summary>
internal sealed record DatasetRow(
    string Id, string Path, string StoragePath, DateTimeOffset CreatedAt, IReadOnlyDictionary<string, string> Schema,
    long NumRows, long SizeBytes, JsonElement Stats, long Version, IReadOnlyList<long> Versions, bool Deleted);

internal sealed class DatasetView(NpgsqlDataSource dataSource)
    : View<DatasetRow>(dataSource, DatasetsModule.Schema, "dataset_view", Dataset.Category)
{
    public override DatasetRow? Apply(DatasetRow? row, StoredEvent @event) => @event.Data switch
    {
        DataIngested e when row is null || e.Version > row.Version => new(
            e.Dataset, e.StoragePath, e.StoragePath, e.IngestedAt, e.Schema.ToDictionary(f => f.Name, f => f.Type, StringComparer.Ordinal),
            e.NumRows, e.SizeBytes, e.Stats, e.Version, [.. row?.Versions ?? [], e.Version], Deleted: false),
        DataIngested e => row! with { Versions = [.. row.Versions, e.Version], Deleted = false },
        DatasetDeleted => row! with { Deleted = true },
        _ => row,
    };
}
