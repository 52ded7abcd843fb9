using System.Text.Json;

namespace EventMl.Models.Viewing;

/// <summary>A model in REST.</summary>
internal sealed record ModelAnswer(
    string Id, DateTimeOffset CreatedAt, string StoragePath, string Input, JsonElement Params, JsonElement Metrics,
    long Version, long? Champion, IReadOnlyList<ModelVersionRow> Versions)
{
    public static ModelAnswer From(ModelRow m) =>
        new(m.Id, m.CreatedAt, m.StoragePath, m.Input, m.Params, m.Metrics, m.Version, m.Champion, m.Versions);
}

/// <summary>A live view row beside the fold of its stream.</summary>
internal sealed record RefoldAnswer(bool Identical, long Version, ModelRow View, ModelRow? Refolded);

/// <summary>Body of an evaluation request; both may be left out.</summary>
internal sealed record EvaluateBody(long? Version, string? Dataset);

/// <summary>Body of a promotion request.</summary>
internal sealed record PromoteBody(long? Version);
