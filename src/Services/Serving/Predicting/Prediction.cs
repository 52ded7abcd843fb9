namespace EventMl.Serving.Predicting;

/// <summary>The seed's answer: the likeliest class, how likely it is, and all probabilities.</summary>
internal sealed record Prediction([property: System.Text.Json.Serialization.JsonPropertyName("prediction")] int Class, float Confidence, IReadOnlyList<float> Probabilities, string? Label)
{
    public static Prediction Of(RunningModel model, float[] row)
    {
        var best = Array.IndexOf(row, row.Max());
        var labels = model.Definition.Output.Labels;
        return new Prediction(best, row[best], row, labels.Count > best ? labels[best] : null);
    }
}
