using System.Text.Json;
using EventMl.Contracts.Models;
using EventMl.EventStore;
using Npgsql;

namespace EventMl.Models.Viewing;

/// <summary>The latest measurement of a version.</summary>
internal sealed record EvaluationRow(
    string Id, IReadOnlyDictionary<string, double> Metrics, string Source, string Dataset, long DatasetVersion, DateTimeOffset EvaluatedAt);

/// <summary>One version of a model as REST shows it.</summary>
internal sealed record ModelVersionRow(
    long Version, DateTimeOffset CreatedAt, string TaskId, string ArtifactUri, string StoragePath, string Dataset, long DatasetVersion,
    JsonElement Params, JsonElement Metrics, bool Evaluating, EvaluationRow? Evaluation, string? EvaluationError,
    bool Promoted, string? RefusedReason, string? DecisionId);

/// <summary>What REST shows of a model: its latest version on top, and all of them.</summary>
internal sealed record ModelRow(
    string Id, DateTimeOffset CreatedAt, string StoragePath, string Input, JsonElement Params, JsonElement Metrics,
    long Version, long? Champion, IReadOnlyList<ModelVersionRow> Versions, bool Deleted)
{
    public ModelVersionRow? Find(long version) => Versions.FirstOrDefault(v => v.Version == version);

    /// <summary>The same model with another of its versions on top.</summary>
    public ModelRow Showing(ModelVersionRow v) => this with
    {
        CreatedAt = v.CreatedAt, StoragePath = v.StoragePath, Input = v.Dataset, Params = v.Params, Metrics = v.Metrics, Version = v.Version,
    };

    public ModelRow Change(long version, Func<ModelVersionRow, ModelVersionRow> change) =>
        this with { Versions = [.. Versions.Select(v => v.Version == version ? change(v) : v)] };
}

internal sealed class ModelView(NpgsqlDataSource dataSource)
    : View<ModelRow>(dataSource, ModelsModule.Schema, "model_view", Model.Category)
{
    public override ModelRow? Apply(ModelRow? row, StoredEvent @event) => @event.Data switch
    {
        ModelRegistered e => Add(row, new ModelVersionRow(
            e.Version, e.RegisteredAt, e.TaskId, e.ArtifactUri, e.StoragePath, e.Dataset, e.DatasetVersion,
            e.Params, e.Metrics, Evaluating: false, null, null, Promoted: false, null, null), e.Model),
        EvaluationRequested e => row!.Change(e.Version, v => v with { Evaluating = true }),
        ModelEvaluated e => row!.Change(e.Version, v => v with
        {
            Evaluating = false, EvaluationError = null,
            Evaluation = new EvaluationRow(e.EvaluationId, e.Metrics, e.Source, e.Dataset, e.DatasetVersion, e.EvaluatedAt),
        }),
        EvaluationFailed e => row!.Change(e.Version, v => v with { Evaluating = false, EvaluationError = e.Error.Message }),
        ModelPromoted e => (row! with { Champion = e.Version })
            .Change(e.Version, v => v with { Promoted = true, RefusedReason = null, DecisionId = e.DecisionId }),
        PromotionRefused e => row!.Change(e.Version, v => v with { RefusedReason = e.Reason, DecisionId = e.DecisionId }),
        ModelDeleted => row! with { Deleted = true },
        _ => row,
    };

    private static ModelRow Add(ModelRow? row, ModelVersionRow version, string name) =>
        (row ?? new ModelRow(name, version.CreatedAt, "", "", default, default, 0, null, [], Deleted: false))
            .Showing(version) with { Versions = [.. row?.Versions ?? [], version], Deleted = false };
}
