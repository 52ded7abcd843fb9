using System.Text.Json;
using System.Text.Json.Nodes;
using EventMl.Arrow;
using EventMl.Data.Transforms.Definitions;

namespace EventMl.Data.Transforms;

/// <summary>Fitted pipelines as JSON.</summary>
internal static class FittedPipelineJson
{
    private const string Format = "fitted-transforms/1";
    private static readonly JsonDocumentOptions s_limits = new() { MaxDepth = 32 };

    public static string Write(FittedPipeline pipeline)
    {
        var steps = pipeline.Fitted.Select(step => (JsonNode)new JsonObject
        {
            ["definition"] = step.Context.Definition.ToJson([.. step.Context.Fields.Select(f => f.Name)]),
            ["state"] = JsonSerializer.SerializeToNode(step.Transform.State, FittedState.Json),
        });
        var inputs = pipeline.InputSchema.Fields.Select(f => (JsonNode)new JsonObject { ["name"] = f.Name, ["type"] = TypeJson.Write(f.Type) });
        return new JsonObject { ["format"] = Format, ["inputs"] = new JsonArray([.. inputs]), ["steps"] = new JsonArray([.. steps]) }.ToJsonString();
    }

    public static FittedPipeline Read(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, s_limits);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or ArgumentException or FormatException or OverflowException)
        {
            throw new TransformException($"This is not a fitted pipeline: {e.Message}", e);
        }
    }

    private static FittedPipeline Read(JsonElement root)
    {
        if (root.GetProperty("format").GetString() is var format && format != Format)
            throw new TransformException($"The fitted pipeline is '{format}'; this version reads '{Format}'. Fit it again.");
        var inputs = new ArrowSchema([.. root.GetProperty("inputs").EnumerateArray()
            .Select(i => new ArrowField(i.GetProperty("name").GetString()!, TypeJson.Read(i.GetProperty("type"))))]);
        var (schema, steps) = (inputs, new List<FittedStep>());
        foreach (var stored in root.GetProperty("steps").EnumerateArray())
        {
            var number = steps.Count + 1;
            var definition = StepDefinition.Read(JsonObject.Create(stored.GetProperty("definition")), number);
            // A label is needed for fitting only.
            var context = StepBinding.Bind(definition, number, schema, new TransformFitOptions(), toFit: false)!;
            var step = new FittedStep(context, TransformCatalog.Make(context).Load(stored.GetProperty("state")));
            schema = step.Apply(schema);
            steps.Add(step);
        }

        return new FittedPipeline(inputs, steps);
    }
}
