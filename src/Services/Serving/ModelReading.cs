using EventMl.Contracts.Models;
using EventMl.EventStore;

namespace EventMl.Serving;

/// <summary>What serving needs to know of a model, read from its stream in the ledger.</summary>
internal sealed record ModelReading(IReadOnlyDictionary<long, ModelRegistered> Versions, long? Champion, bool Deleted) : IAggregate<ModelReading>
{
    public static string Category => "model";

    public static ModelReading Initial { get; } = new(new Dictionary<long, ModelRegistered>(), null, false);

    /// <summary>The version asked for; else the champion; else the latest; null when there is none or the model is deleted.</summary>
    public ModelRegistered? Find(long? version) =>
        Deleted || Versions.Count == 0 ? null
        : version is { } v ? Versions.GetValueOrDefault(v)
        : Champion is { } champion ? Versions[champion]
        : Versions[Versions.Keys.Max()];

    public ModelReading Evolve(object @event) => @event switch
    {
        ModelRegistered e => new ModelReading(new Dictionary<long, ModelRegistered>(Versions) { [e.Version] = e }, Champion, Deleted: false),
        ModelPromoted e => this with { Champion = e.Version },
        ModelDeleted => this with { Deleted = true, Champion = null },
        _ => this,
    };
}
