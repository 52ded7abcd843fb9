using System.Collections.Immutable;
using EventMl.Contracts.Models;
using EventMl.EventStore;

namespace EventMl.Training.Completing;

/// <summary>What this area reads from a model's stream when it decides: which tasks' artifacts are registered, and as which version.</summary>
internal sealed record RegistryReading(ImmutableDictionary<string, long> Versions) : IAggregate<RegistryReading>
{
    public static string Category => "model";

    public static RegistryReading Initial { get; } = new(ImmutableDictionary.Create<string, long>(StringComparer.Ordinal));

    /// <summary>The version that came out of a task, or null.</summary>
    public long? Of(string taskId) => Versions.TryGetValue(taskId, out var version) ? version : null;

    public RegistryReading Evolve(object @event) => @event is ModelRegistered e ? new RegistryReading(Versions.SetItem(e.TaskId, e.Version)) : this;
}
