using System.Collections.Immutable;
using EventMl.Contracts.Datasets;
using EventMl.EventStore;

namespace EventMl.Models.Evaluating;

/// <summary>What this area reads from a dataset's stream when it decides: which versions there are.</summary>
internal sealed record KnownDataset(ImmutableSortedSet<long> Versions, bool Deleted) : IAggregate<KnownDataset>
{
    public static string Category => "dataset";

    public static KnownDataset Initial { get; } = new([], false);

    /// <summary>The version asked for, or the latest; null when there is none.</summary>
    public long? Find(long? version) =>
        Deleted || Versions.IsEmpty ? null
        : version is null ? Versions.Max
        : Versions.Contains(version.Value) ? version
        : null;

    public KnownDataset Evolve(object @event) => @event switch
    {
        DataIngested e => new KnownDataset(Versions.Add(e.Version), Deleted: false),
        DatasetVersionCommitted e => new KnownDataset(Versions.Add(e.Version), Deleted: false),
        DatasetVersionsExpired e => this with { Versions = Versions.Except(e.Versions) },
        DatasetDeleted => this with { Deleted = true },
        _ => this,
    };
}
