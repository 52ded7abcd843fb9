using EventMl.Contracts.Datasets;
using EventMl.EventStore;

namespace EventMl.Training;

/// <summary>What training needs to know of a dataset, read from its stream in the ledger.</summary>
internal sealed record DatasetReading(IReadOnlyDictionary<long, DataIngested> Versions, bool Deleted) : IAggregate<DatasetReading>
{
    public static string Category => "dataset";

    public static DatasetReading Initial { get; } = new(new Dictionary<long, DataIngested>(), false);

    /// <summary>The version, the latest when null; null when there is none or the dataset is deleted.</summary>
    public DataIngested? Find(long? version) =>
        Deleted || Versions.Count == 0 ? null
        : version is { } v ? Versions.GetValueOrDefault(v)
        : Versions[Versions.Keys.Max()];

    public DatasetReading Evolve(object @event) => @event switch
    {
        DataIngested e => new DatasetReading(new Dictionary<long, DataIngested>(Versions) { [e.Version] = e }, Deleted: false),
        DatasetDeleted => this with { Deleted = true },
        _ => this,
    };
}
