using System.Collections.Immutable;
using EventMl.Contracts.Datasets;
using EventMl.EventStore;

namespace EventMl.Training;

/// <summary>A version of a dataset as a training takes it.</summary>
internal sealed record ReadableVersion(long Version, string Uri, string ManifestSha256);

/// <summary>What training needs to know of a dataset, read from its stream in the ledger.</summary>
internal sealed record DatasetReading(ImmutableSortedDictionary<long, ReadableVersion> Versions, bool Deleted) : IAggregate<DatasetReading>
{
    public static string Category => "dataset";

    public static DatasetReading Initial { get; } = new(ImmutableSortedDictionary<long, ReadableVersion>.Empty, false);

    /// <summary>The version, the latest when null; null when there is none or the dataset is deleted.</summary>
    public ReadableVersion? Find(long? version) =>
        Deleted || Versions.Count == 0 ? null
        : version is { } v ? Versions.GetValueOrDefault(v)
        : Versions.Last().Value;

    public DatasetReading Evolve(object @event) => @event switch
    {
        DataIngested e => Add(new ReadableVersion(e.Version, e.Uri, e.ManifestSha256)),
        DatasetVersionCommitted e => Add(new ReadableVersion(e.Version, e.Uri, e.ManifestSha256)),
        DatasetVersionsExpired e => this with { Versions = Versions.RemoveRange(e.Versions) },
        DatasetDeleted => this with { Deleted = true },
        _ => this,
    };

    private DatasetReading Add(ReadableVersion version) => new(Versions.SetItem(version.Version, version), Deleted: false);
}
