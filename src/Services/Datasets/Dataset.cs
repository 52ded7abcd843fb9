using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.EventStore;

namespace EventMl.Datasets;

/// <summary>A named dataset: its versions, and whether it is hidden.</summary>
internal sealed record Dataset(DataIngested? Latest, bool Deleted) : IAggregate<Dataset>
{
    public static string Category => "dataset";

    public static Dataset Initial { get; } = new(null, false);

    public bool Exists => Latest is not null && !Deleted;

    /// <summary>A version appears once, however often its commit is reported.</summary>
    public Decision Ingest(DataIngested version) =>
        Latest is { } latest && latest.Version == version.Version
            ? Decision.Nothing
            : Decision.Of(version);

    public Decision Delete(string name, DateTimeOffset now) =>
        Exists
            ? Decision.Of(new DatasetDeleted(name, now))
            : Decision.Refuse(ErrorCodes.DatasetNotFound, $"Dataset '{name}' does not exist; list the datasets to find its name.");

    public Dataset Evolve(object @event) => @event switch
    {
        DataIngested e => new Dataset(Latest is { } latest && latest.Version > e.Version ? latest : e, Deleted: false),
        DatasetDeleted => this with { Deleted = true },
        _ => this,
    };
}
