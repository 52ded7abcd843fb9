using System.Text.Json;

namespace EventMl.Policy;

/// <summary>An evaluation as the gate sees it.</summary>
/// <param name="Id">The evaluation.</param>
/// <param name="Source"><c>measured</c> or <c>reported</c>.</param>
/// <param name="Dataset">Dataset whose test split was used.</param>
/// <param name="DatasetVersion">Its version.</param>
/// <param name="Metrics">Decimal text by name, made by <see cref="MetricSet"/>.</param>
public sealed record JudgedEvaluation(string Id, string Source, string Dataset, long DatasetVersion, IReadOnlyDictionary<string, string> Metrics);

/// <summary>A model version as the gate sees it.</summary>
/// <param name="Version">Version of the model.</param>
/// <param name="TrainedOn">Training dataset.</param>
/// <param name="TrainedOnVersion">Its version.</param>
/// <param name="TrainingMetrics">What the training reported, decimal text by name.</param>
/// <param name="Evaluation">Its latest evaluation.</param>
public sealed record JudgedVersion(
    long Version, string TrainedOn, long TrainedOnVersion, IReadOnlyDictionary<string, string> TrainingMetrics, JudgedEvaluation Evaluation);

/// <summary>Everything a promotion decision rests on; its canonical JSON is part of the decision's record.</summary>
public sealed record GateInput(string Model, JudgedVersion Candidate, JudgedVersion? Champion)
{
    /// <summary>The canonical JSON.</summary>
    public string ToCanonicalJson() => CanonicalJson.Write(new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        ["candidate"] = Side(Candidate),
        ["champion"] = Champion is null ? null : Side(Champion),
        ["model"] = Model,
    });

    /// <summary>Reads what <see cref="ToCanonicalJson"/> wrote.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    internal static GateInput Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            var champion = root.GetProperty("champion");
            return new GateInput(root.GetProperty("model").GetString()!, Side(root.GetProperty("candidate")), champion.ValueKind == JsonValueKind.Null ? null : Side(champion));
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new JsonException("The recorded input is not a gate's input.", e);
        }
    }

    private static Dictionary<string, object?> Side(JudgedVersion side) => new(StringComparer.Ordinal)
    {
        ["dataset"] = side.TrainedOn,
        ["dataset_version"] = side.TrainedOnVersion,
        ["evaluation"] = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["dataset"] = side.Evaluation.Dataset,
            ["dataset_version"] = side.Evaluation.DatasetVersion,
            ["id"] = side.Evaluation.Id,
            ["metrics"] = Metrics(side.Evaluation.Metrics),
            ["source"] = side.Evaluation.Source,
        },
        ["training_metrics"] = Metrics(side.TrainingMetrics),
        ["version"] = side.Version,
    };

    private static JudgedVersion Side(JsonElement side)
    {
        var evaluation = side.GetProperty("evaluation");
        return new JudgedVersion(
            side.GetProperty("version").GetInt64(),
            side.GetProperty("dataset").GetString()!,
            side.GetProperty("dataset_version").GetInt64(),
            Metrics(side.GetProperty("training_metrics")),
            new JudgedEvaluation(
                evaluation.GetProperty("id").GetString()!,
                evaluation.GetProperty("source").GetString()!,
                evaluation.GetProperty("dataset").GetString()!,
                evaluation.GetProperty("dataset_version").GetInt64(),
                Metrics(evaluation.GetProperty("metrics"))));
    }

    private static Dictionary<string, object?> Metrics(IReadOnlyDictionary<string, string> metrics) =>
        metrics.ToDictionary(m => m.Key, m => (object?)m.Value, StringComparer.Ordinal);

    private static Dictionary<string, string> Metrics(JsonElement metrics) =>
        metrics.EnumerateObject().ToDictionary(m => m.Name, m => m.Value.GetString()!, StringComparer.Ordinal);
}
