using System.Text.Json;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.EventStore;
using EventMl.Jobs;
using Npgsql;

namespace EventMl.Datasets.Viewing;

/// <summary>One version of a dataset as REST shows it.</summary>
internal sealed record DatasetVersionRow(
    long Version, DateTimeOffset CreatedAt, string Operation, string? TaskId, string? ChangeId, string Root, string Uri, string StoragePath,
    IReadOnlyList<DatasetField> Schema, long NumRows, long SizeBytes, long? BytesWritten, JsonElement? Stats);

/// <summary>One change of a dataset as REST shows it.</summary>
internal sealed record DatasetChangeRow(
    string Id, string Dataset, string Operation, string Status, DateTimeOffset CreatedAt, DateTimeOffset? CompletedAt, DatasetChange Change,
    long? Version, string? Reason, IReadOnlyList<long>? ExpiredVersions, int? DeletedFiles, long? DeletedBytes, TaskError? Error);

/// <summary>The versions that a dataset has, in order, its tags, and its latest changes; kept when the dataset is deleted.</summary>
internal sealed record DatasetHistoryRow(
    string Id, IReadOnlyList<DatasetVersionRow> Versions, IReadOnlyDictionary<string, long> Tags, IReadOnlyList<DatasetChangeRow> Changes, bool Deleted)
{
    public DatasetVersionRow? Find(long version) => Versions.FirstOrDefault(v => v.Version == version);
}

internal sealed class DatasetHistoryView(NpgsqlDataSource dataSource)
    : View<DatasetHistoryRow>(dataSource, DatasetsModule.Schema, "dataset_history_view", Dataset.Category)
{
    private const int ShownChanges = 200;

    public override DatasetHistoryRow? Apply(DatasetHistoryRow? row, StoredEvent @event) => @event.Data switch
    {
        DataIngested e => Add(row, e.Dataset, new DatasetVersionRow(
            e.Version, e.IngestedAt, "ingest", e.TaskId, null, e.ManifestSha256, e.Uri, e.StoragePath, e.Schema, e.NumRows, e.SizeBytes, null, e.Stats)),
        DatasetVersionCommitted e => End(
            Add(row, e.Dataset, new DatasetVersionRow(
                e.Version, e.CommittedAt, e.Operation, null, e.ChangeId, e.ManifestSha256, e.Uri, e.StoragePath, e.Schema, e.NumRows, e.SizeBytes, e.BytesWritten, null)),
            e.ChangeId, e.CommittedAt, c => c with { Version = e.Version }),
        DatasetDeleted => row! with { Deleted = true },
        DatasetTagged e => row! with { Tags = new SortedDictionary<string, long>(Tags(row!), StringComparer.Ordinal) { [e.Tag] = e.Version } },
        DatasetUntagged e => row! with { Tags = new SortedDictionary<string, long>(row!.Tags.Where(t => t.Key != e.Tag).ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal) },
        DatasetChangeRequested e => Begin(row ?? Empty(e.Dataset), e),
        DatasetLeftUnchanged e => End(row!, e.ChangeId, e.EndedAt, c => c with { Reason = e.Reason }),
        DatasetChangeFailed e => End(row!, e.ChangeId, e.FailedAt, c => c with { Status = TaskStatuses.Failed, Error = e.Error }),
        DatasetVersionsExpired e => Change(row! with { Versions = [.. row!.Versions.Where(v => !e.Versions.Contains(v.Version))] }, e.ChangeId, c => c with { ExpiredVersions = e.Versions }),
        DatasetGarbageCollected e => End(row!, e.ChangeId, e.CollectedAt, c => c with { DeletedFiles = e.Files, DeletedBytes = e.Bytes }),
        _ => row,
    };

    private static DatasetHistoryRow Empty(string name) => new(name, [], new SortedDictionary<string, long>(StringComparer.Ordinal), [], Deleted: false);

    private static Dictionary<string, long> Tags(DatasetHistoryRow row) => row.Tags.ToDictionary(StringComparer.Ordinal);

    private static DatasetHistoryRow Add(DatasetHistoryRow? row, string name, DatasetVersionRow version)
    {
        row ??= Empty(name);
        return row with { Versions = [.. row.Versions.Append(version).OrderBy(v => v.Version)], Deleted = false };
    }

    private static DatasetHistoryRow Begin(DatasetHistoryRow row, DatasetChangeRequested e)
    {
        var change = new DatasetChangeRow(
            e.ChangeId, e.Dataset, e.Change.Operation, TaskStatuses.Pending, e.RequestedAt, null, e.Change, null, null, null, null, null, null);
        var old = row.Changes.Count < ShownChanges ? null : row.Changes.FirstOrDefault(c => c.CompletedAt is not null);
        return row with { Changes = [.. row.Changes.Where(c => c != old), change] };
    }

    private static DatasetHistoryRow End(DatasetHistoryRow row, string changeId, DateTimeOffset at, Func<DatasetChangeRow, DatasetChangeRow> how) =>
        Change(row, changeId, c => how(c with { Status = TaskStatuses.Completed, CompletedAt = at }));

    private static DatasetHistoryRow Change(DatasetHistoryRow row, string changeId, Func<DatasetChangeRow, DatasetChangeRow> how) =>
        row with { Changes = [.. row.Changes.Select(c => c.Id == changeId ? how(c) : c)] };
}
