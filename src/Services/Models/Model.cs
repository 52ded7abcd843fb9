using System.Collections.Immutable;
using EventMl.Contracts;
using EventMl.Contracts.Models;
using EventMl.EventStore;

namespace EventMl.Models;

/// <summary>One version of a model and its latest measurement.</summary>
internal sealed record ModelVersion(ModelRegistered Registered, ModelEvaluated? Evaluation);

/// <summary>Who is champion, by which decision.</summary>
internal sealed record Champion(long Version, string DecisionId);

/// <summary>A named model: its versions from 1, evaluations ever asked for and those under way, its champion, and whether it is hidden.</summary>
internal sealed record Model(
    ImmutableList<ModelVersion> Versions, ImmutableHashSet<string> Evaluations, ImmutableList<EvaluationRequested> Pending, Champion? Champion, bool Deleted) : IAggregate<Model>
{
    public static string Category => "model";

    public static Model Initial { get; } = new([], [], [], null, false);

    public bool Exists => Versions.Count > 0 && !Deleted;

    /// <summary>A task's artifact enters once, however often it is reported.</summary>
    public Decision Register(RegisterModel command, DateTimeOffset now) =>
        FindRegistered(command) is not null
            ? Decision.Nothing
            : Decision.Of(new ModelRegistered(
                command.Model, Versions.Count + 1, command.TaskId, command.ArtifactUri, command.ArtifactVersion, command.ManifestSha256, command.StoragePath,
                command.SizeBytes, command.Dataset, command.DatasetVersion, command.Script, command.Params, command.Metrics, now));

    public ModelRegistered? FindRegistered(RegisterModel command) =>
        Versions.FirstOrDefault(v => v.Registered.TaskId == command.TaskId
            || (v.Registered.ArtifactUri == command.ArtifactUri && v.Registered.ArtifactVersion == command.ArtifactVersion))?.Registered;

    /// <summary>The version asked for, or the latest.</summary>
    public ModelVersion? Find(long? version) =>
        !Exists ? null
        : version is null ? Versions[^1]
        : version >= 1 && version <= Versions.Count ? Versions[(int)version.Value - 1]
        : null;

    public Refusal NotFound(string name, long? version) => new(ErrorCodes.ModelNotFound, Exists
        ? $"Model '{name}' has no version {version}; it has versions 1 to {Versions.Count}."
        : $"Model '{name}' does not exist; list the models to find its name.");

    /// <summary>Asks for a measurement unless the same one is under way or the wish is a repeated one.</summary>
    public Decision Evaluate(string name, long? version, string evaluationId, string dataset, long datasetVersion, DateTimeOffset now) =>
        Find(version) is not { } found ? new Decision([], NotFound(name, version))
        : Evaluations.Contains(evaluationId) ? Decision.Nothing
        : Pending.Any(p => (p.Version, p.Dataset, p.DatasetVersion) == (found.Registered.Version, dataset, datasetVersion)) ? Decision.Nothing
        : Decision.Of(new EvaluationRequested(name, found.Registered.Version, evaluationId, dataset, datasetVersion, now));

    public Decision CompleteEvaluation(string evaluationId, string source, IReadOnlyDictionary<string, double> metrics, DateTimeOffset now) =>
        PendingOf(evaluationId) is { } asked
            ? Decision.Of(new ModelEvaluated(asked.Model, asked.Version, evaluationId, asked.Dataset, asked.DatasetVersion, source, metrics, now) { TaskId = TaskOf(asked.Version) })
            : Decision.Nothing;

    public Decision FailEvaluation(string evaluationId, TaskError error, DateTimeOffset now) =>
        PendingOf(evaluationId) is { } asked
            ? Decision.Of(new EvaluationFailed(asked.Model, asked.Version, evaluationId, error, now) { TaskId = TaskOf(asked.Version) })
            : Decision.Nothing;

    private string TaskOf(long version) => Versions[(int)version - 1].Registered.TaskId;

    public EvaluationRequested? PendingOf(string evaluationId) => Pending.FirstOrDefault(p => p.EvaluationId == evaluationId);

    public Decision Delete(string name, DateTimeOffset now) =>
        Exists ? Decision.Of(new ModelDeleted(name, now)) : new Decision([], NotFound(name, null));

    public Model Evolve(object @event) => @event switch
    {
        ModelRegistered e => this with { Versions = Versions.Add(new ModelVersion(e, null)), Deleted = false },
        EvaluationRequested e => this with { Evaluations = Evaluations.Add(e.EvaluationId), Pending = Pending.Add(e) },
        ModelEvaluated e => Ended(e.EvaluationId) with { Versions = Versions.SetItem((int)e.Version - 1, Versions[(int)e.Version - 1] with { Evaluation = e }) },
        EvaluationFailed e => Ended(e.EvaluationId),
        ModelPromoted e => this with { Champion = new Champion(e.Version, e.DecisionId) },
        ModelDeleted => this with { Deleted = true },
        _ => this,
    };

    private Model Ended(string evaluationId) => this with { Pending = Pending.RemoveAll(p => p.EvaluationId == evaluationId) };
}
