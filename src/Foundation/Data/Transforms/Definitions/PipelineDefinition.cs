using System.Text.Json.Nodes;

namespace EventMl.Data.Transforms.Definitions;

/// <summary>The steps of a pipeline in their order, as written.</summary>
internal sealed record PipelineDefinition(IReadOnlyList<StepDefinition> Steps)
{
    public const string Format = "transforms/1";
    private const int MaxSteps = 1000;

    public static PipelineDefinition Parse(string text)
    {
        if (YamlTree.Parse(text) is not JsonObject root)
            throw new TransformException($"A definition is 'key: value' pairs; begin with 'transforms: {Format}'.");
        var values = new StepParameters("the definition", root);
        if (values.Text("transforms", "") is var format && format != Format)
            throw new TransformException($"'transforms' is '{format}'; this version reads '{Format}'.");
        if (root["steps"] is not JsonArray { Count: > 0 and <= MaxSteps } steps)
            throw new TransformException($"'steps' must be a list of 1 to {MaxSteps} steps, such as '- {{ step: StandardScaler, columns: [age] }}'.");
        values.Consume("steps");
        values.RefuseUnread();
        return new PipelineDefinition([.. steps.Select((step, i) => StepDefinition.Read(step, i + 1))]);
    }
}
