using System.Collections.Immutable;
using EventMl.Contracts.Models;
using EventMl.Contracts.Training;
using EventMl.EventStore;

namespace EventMl.Datasets.Collecting;

/// <summary>Versions of a dataset that a collection must keep: those that a running training reads, and those that kept models were made from.</summary>
internal static class VersionsInUse
{
    /// <summary>Asked for with the dataset's stream locked; a training that begins locks it too, and one that ends has its model registered before.</summary>
    public static async Task<IReadOnlySet<long>> FindAsync(LedgerTransaction transaction, string dataset, CancellationToken cancellationToken)
    {
        var versions = new HashSet<long>();
        var prefix = $"{ReadingTask.Category}-";
        foreach (var user in await transaction.ListUsersAsync($"{Dataset.Category}-{dataset}", cancellationToken))
        {
            if (user.StartsWith(prefix, StringComparison.Ordinal) && (await transaction.PeekAsync<ReadingTask>(user[prefix.Length..], cancellationToken)).State.Version is { } read)
            {
                versions.Add(read);
            }
        }

        prefix = $"{KeptModel.Category}-";
        foreach (var model in await transaction.ListStreamsAsync("model_registered", nameof(ModelRegistered.Dataset), dataset, cancellationToken))
        {
            var kept = (await transaction.PeekAsync<KeptModel>(model[prefix.Length..], cancellationToken)).State;
            versions.UnionWith(kept.Deleted ? [] : kept.MadeFrom.Where(m => m.Dataset == dataset).Select(m => m.Version));
        }

        return versions;
    }
}

/// <summary>Which version a training reads.</summary>
internal sealed record ReadingTask(long? Version) : IAggregate<ReadingTask>
{
    public static string Category => "training_task";

    public static ReadingTask Initial { get; } = new((long?)null);

    public ReadingTask Evolve(object @event) => @event is TrainingRequested e ? new ReadingTask(e.DatasetVersion) : this;
}

/// <summary>What a model's versions were made from, and whether it was deleted.</summary>
internal sealed record KeptModel(ImmutableHashSet<(string Dataset, long Version)> MadeFrom, bool Deleted) : IAggregate<KeptModel>
{
    public static string Category => "model";

    public static KeptModel Initial { get; } = new([], false);

    public KeptModel Evolve(object @event) => @event switch
    {
        ModelRegistered e => new KeptModel(MadeFrom.Add((e.Dataset, e.DatasetVersion)), Deleted: false),
        ModelDeleted => this with { Deleted = true },
        _ => this,
    };
}
