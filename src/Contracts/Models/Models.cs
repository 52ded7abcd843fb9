using System.Text.Json;

namespace EventMl.Contracts.Models;

/// <summary>Asks for a trained artifact to enter the registry as the next version of a model.</summary>
public sealed record RegisterModel(
    string Model, string TaskId, string ArtifactUri, long ArtifactVersion, string ManifestSha256, string StoragePath, long SizeBytes,
    string Dataset, long DatasetVersion, string? Script, JsonElement Params, JsonElement Metrics);

/// <summary>A model version is in the registry.</summary>
public sealed record ModelRegistered(
    string Model, long Version, string TaskId, string ArtifactUri, long ArtifactVersion, string ManifestSha256, string StoragePath, long SizeBytes,
    string Dataset, long DatasetVersion, string? Script, JsonElement Params, JsonElement Metrics, DateTimeOffset RegisteredAt);

/// <summary>Asks for a model version to be measured on held-out data.</summary>
public sealed record EvaluateModel
{
    /// <summary>Name of the model.</summary>
    public string? Model { get; init; }

    /// <summary>Version of the model; the latest when absent.</summary>
    public long? Version { get; init; }

    /// <summary>Dataset whose <c>test</c> split is used, <c>name</c> or <c>name@version</c>; the training dataset when absent.</summary>
    public string? Dataset { get; init; }

    /// <summary>The training whose saga asks; a refusal is told to it.</summary>
    public string? TaskId { get; init; }
}

/// <summary>A worker will measure the version.</summary>
public sealed record EvaluationRequested(string Model, long Version, string EvaluationId, string Dataset, long DatasetVersion, DateTimeOffset RequestedAt);

/// <summary>A model version was measured.</summary>
/// <param name="Model">Name of the model.</param>
/// <param name="Version">Version measured.</param>
/// <param name="EvaluationId">The evaluation.</param>
/// <param name="Dataset">Dataset whose test split was used.</param>
/// <param name="DatasetVersion">Its version.</param>
/// <param name="Source"><c>measured</c> by the platform, or <c>reported</c> by the training script when the platform cannot execute the model.</param>
/// <param name="Metrics">Metric values by name, all finite.</param>
/// <param name="EvaluatedAt">When.</param>
public sealed record ModelEvaluated(
    string Model, long Version, string EvaluationId, string Dataset, long DatasetVersion, string Source,
    IReadOnlyDictionary<string, double> Metrics, DateTimeOffset EvaluatedAt)
{
    /// <summary>The training that made the version.</summary>
    public string? TaskId { get; init; }
}

/// <summary>A model version could not be measured.</summary>
public sealed record EvaluationFailed(string Model, long Version, string EvaluationId, TaskError Error, DateTimeOffset FailedAt)
{
    /// <summary>The training that made the version.</summary>
    public string? TaskId { get; init; }
}

/// <summary>Asks for a model version to become champion, if the gate allows it.</summary>
public sealed record PromoteModel
{
    /// <summary>Name of the model.</summary>
    public string? Model { get; init; }

    /// <summary>Version to promote; the latest when absent.</summary>
    public long? Version { get; init; }

    /// <summary>The training whose saga asks; a refusal is told to it.</summary>
    public string? TaskId { get; init; }
}

/// <summary>One rule of a policy and how it came out, in the evaluator's words.</summary>
public sealed record RuleOutcome(string Rule, bool Passed, string Reason);

/// <summary>The gate has spoken; everything needed to repeat the decision is in the record.</summary>
/// <param name="DecisionId">Id of the decision.</param>
/// <param name="Model">Name of the model.</param>
/// <param name="Version">Version judged.</param>
/// <param name="Champion">Version that was champion, if any.</param>
/// <param name="EvaluatorVersion">Version of the frozen evaluator that judged.</param>
/// <param name="Policy">The policy's text as it was.</param>
/// <param name="PolicySha256">Its hash, hexadecimal.</param>
/// <param name="Input">Canonical JSON of everything the evaluator saw.</param>
/// <param name="Output">Canonical JSON of what it answered.</param>
/// <param name="Allowed">Whether the version may be promoted.</param>
/// <param name="Rules">Every rule with its outcome.</param>
/// <param name="DecidedAt">When.</param>
public sealed record PromotionDecided(
    string DecisionId, string Model, long Version, long? Champion, string EvaluatorVersion, string Policy, string PolicySha256,
    string Input, string Output, bool Allowed, IReadOnlyList<RuleOutcome> Rules, DateTimeOffset DecidedAt);

/// <summary>A model version became champion.</summary>
public sealed record ModelPromoted(string Model, long Version, long? PreviousChampion, string DecisionId, DateTimeOffset PromotedAt)
{
    /// <summary>The training that made the version.</summary>
    public string? TaskId { get; init; }
}

/// <summary>The gate refused to promote a model version.</summary>
public sealed record PromotionRefused(string Model, long Version, string DecisionId, string Reason, DateTimeOffset RefusedAt)
{
    /// <summary>The training that made the version.</summary>
    public string? TaskId { get; init; }
}

/// <summary>Asks for a model to be hidden.</summary>
public sealed record DeleteModel
{
    /// <summary>Name of the model.</summary>
    public string? Model { get; init; }
}

/// <summary>A model was hidden.</summary>
public sealed record ModelDeleted(string Model, DateTimeOffset DeletedAt);

/// <summary>A command for a model was refused.</summary>
public sealed record ModelRejected(string? Model, string Command, string Code, string Message, DateTimeOffset RejectedAt)
{
    /// <summary>The training whose saga asked; absent when somebody else did.</summary>
    public string? TaskId { get; init; }
}
