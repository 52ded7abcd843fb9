using System.Collections.Immutable;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.EventStore;

namespace EventMl.Datasets;

/// <summary>A named dataset: its versions, those that are no more, its tags, changes that were ever asked for and those under way, and whether it is hidden.</summary>
internal sealed record Dataset(
    ImmutableSortedDictionary<long, DateTimeOffset> Versions, ImmutableSortedSet<long> Expired, ImmutableSortedDictionary<string, long> Tags,
    ImmutableHashSet<string> Changes, ImmutableList<DatasetChangeRequested> Pending, bool Deleted) : IAggregate<Dataset>
{
    public static string Category => "dataset";

    public static Dataset Initial { get; } = new(
        ImmutableSortedDictionary<long, DateTimeOffset>.Empty, [], ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal), [], [], false);

    public bool Exists => Versions.Count > 0 && !Deleted;

    public long? Latest => Versions.Count > 0 ? Versions.Keys.Last() : null;

    /// <summary>A version appears once, however often its commit is reported.</summary>
    public Decision Ingest(DataIngested version) => Versions.ContainsKey(version.Version) ? Decision.Nothing : Decision.Of(version);

    public Decision Delete(string name, DateTimeOffset now) =>
        !Exists ? new Decision([], NotFound(name, null))
        : Pending.Find(p => p.Change.Operation != DatasetOperations.CollectGarbage) is { } change
            ? Decision.Refuse(ErrorCodes.DatasetInUse, $"Change '{change.ChangeId}' ({change.Change.Operation}) of dataset '{name}' is under way; wait for its end, then delete the dataset.")
        : Decision.Of(new DatasetDeleted(name, now));

    /// <summary>The version asked for, or the latest; null when there is none.</summary>
    public long? Find(long? version) =>
        !Exists ? null
        : version is null ? Latest
        : Versions.ContainsKey(version.Value) ? version
        : null;

    public Refusal NotFound(string name, long? version) => new(ErrorCodes.DatasetNotFound,
        !Exists ? $"Dataset '{name}' does not exist; list the datasets to find its name."
        : Expired.Contains(version ?? 0) ? $"Version {version} of dataset '{name}' was collected; list its versions to see which are left."
        : $"Dataset '{name}' has no version {version}; list its versions to see which there are.");

    public Decision Tag(string name, string tag, long? version, bool move, DateTimeOffset now) =>
        Find(version) is not { } found ? new Decision([], NotFound(name, version))
        : !Tags.TryGetValue(tag, out var standing) || (move && standing != found) ? Decision.Of(new DatasetTagged(name, tag, found, now))
        : standing == found ? Decision.Nothing
        : Decision.Refuse(ErrorCodes.DatasetConflict, $"The tag '{tag}' of dataset '{name}' stands at version {standing}; move it on purpose with \"move\": true, or choose another name.");

    public Decision Untag(string name, string tag, DateTimeOffset now) =>
        !Exists ? new Decision([], NotFound(name, null))
        : Tags.ContainsKey(tag) ? Decision.Of(new DatasetUntagged(name, tag, now))
        : Decision.Refuse(ErrorCodes.DatasetNotFound, $"Dataset '{name}' has no tag '{tag}'; its tags are: {(Tags.IsEmpty ? "none" : string.Join(", ", Tags.Keys))}.");

    /// <summary>Asks for a change of what there is; a repeated wish is the same one.</summary>
    public Decision Change(string name, string changeId, DatasetChange change, DateTimeOffset now) =>
        Changes.Contains(changeId) ? Decision.Nothing
        : !Exists && !(change.Operation == DatasetOperations.CollectGarbage && Versions.Count > 0) ? new Decision([], NotFound(name, null))
        : change.Operation == DatasetOperations.Restore && Find(change.Version) is null ? new Decision([], NotFound(name, change.Version))
        : Decision.Of(new DatasetChangeRequested(name, changeId, change, now));

    /// <summary>Asks for a dataset that is not there yet.</summary>
    public Decision Begin(string name, string changeId, DatasetChange change, DateTimeOffset now) =>
        Changes.Contains(changeId) ? Decision.Nothing
        : Exists ? Decision.Refuse(ErrorCodes.DatasetConflict, $"Dataset '{name}' exists already; choose a name that is free.")
        : Decision.Of(new DatasetChangeRequested(name, changeId, change, now));

    public DatasetChangeRequested? PendingOf(string changeId) => Pending.FirstOrDefault(p => p.ChangeId == changeId);

    /// <summary>What ends a change enters once.</summary>
    public Decision End(string changeId, object outcome) => PendingOf(changeId) is null ? Decision.Nothing : Decision.Of(outcome);

    /// <summary>Versions that a collection may let go: neither among the newest, nor young, tagged or used; the latest always stays.</summary>
    public Decision Expire(DatasetChangeRequested asked, IReadOnlySet<long> used, DateTimeOffset now)
    {
        var kept = Deleted ? 1 : asked.Change.KeepVersions ?? Versions.Count;
        var old = now - TimeSpan.FromSeconds(asked.Change.KeepYoungerThanSeconds ?? 0);
        long[] gone = [.. Versions.Reverse().Skip(kept).Where(v => v.Value <= old && !used.Contains(v.Key) && !Tags.ContainsValue(v.Key) && Pending.All(p => p.Change.Version != v.Key)).Select(v => v.Key).Order()];
        return gone.Length == 0 || PendingOf(asked.ChangeId) is null ? Decision.Nothing : Decision.Of(new DatasetVersionsExpired(asked.Dataset, asked.ChangeId, gone, now));
    }

    public Dataset Evolve(object @event) => @event switch
    {
        DataIngested e => this with { Versions = Versions.SetItem(e.Version, e.IngestedAt), Deleted = false },
        DatasetVersionCommitted e => Ended(e.ChangeId) with { Versions = Versions.SetItem(e.Version, e.CommittedAt), Deleted = false },
        DatasetDeleted => this with { Deleted = true },
        DatasetTagged e => this with { Tags = Tags.SetItem(e.Tag, e.Version) },
        DatasetUntagged e => this with { Tags = Tags.Remove(e.Tag) },
        DatasetChangeRequested e => this with { Changes = Changes.Add(e.ChangeId), Pending = Pending.Add(e) },
        DatasetVersionsExpired e => this with { Versions = Versions.RemoveRange(e.Versions), Expired = Expired.Union(e.Versions) },
        DatasetLeftUnchanged e => Ended(e.ChangeId),
        DatasetChangeFailed e => Ended(e.ChangeId),
        DatasetGarbageCollected e => Ended(e.ChangeId),
        _ => this,
    };

    private Dataset Ended(string changeId) => this with { Pending = Pending.RemoveAll(p => p.ChangeId == changeId) };
}

/// <summary>What can be done to a dataset by a change.</summary>
internal static class DatasetOperations
{
    public const string Restore = "restore";
    public const string Clone = "clone";
    public const string DeleteRows = "delete_rows";
    public const string DropColumns = "drop_columns";
    public const string Compact = "compact";
    public const string CollectGarbage = "collect_garbage";
    public const string Import = "import";
}
