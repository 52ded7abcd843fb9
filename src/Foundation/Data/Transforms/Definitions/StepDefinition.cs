using System.Text.Json.Nodes;

namespace EventMl.Data.Transforms.Definitions;

/// <summary>One step as written: which transform, from which columns, to which ones, with which parameters.</summary>
/// <param name="Name">The transform, such as <c>StandardScaler</c>.</param>
/// <param name="Columns">Names, or beginnings of names that end with <c>*</c>.</param>
/// <param name="Output">One vector column for all that the step makes, or null.</param>
/// <param name="Outputs">A name for each column that the step makes, or null.</param>
/// <param name="Keep">Whether the columns it was made from stay.</param>
/// <param name="Single">Whether numbers are stored as float32 instead of float64.</param>
/// <param name="Parameters">The transform's own parameters.</param>
internal sealed record StepDefinition(
    string Name, IReadOnlyList<string> Columns, string? Output, IReadOnlyList<string>? Outputs, bool Keep, bool Single, JsonObject Parameters)
{
    private const string StepKey = "step";
    private const string ColumnsKey = "columns";
    private const string OutputKey = "output";
    private const string OutputsKey = "outputs";
    private const string KeepKey = "keep";
    private const string TypeKey = "dtype";

    public static StepDefinition Read(JsonNode? node, int number)
    {
        if (node is not JsonObject given)
            throw new TransformException($"step {number}: a step is 'key: value' pairs, such as '- {{ step: StandardScaler, columns: [age] }}'.");
        var name = new StepParameters($"step {number}", given).Text(StepKey, "");
        if (name.Length == 0)
            throw new TransformException($"step {number}: 'step' is missing; name a transform, one of {TransformCatalog.Names}.");
        if (!TransformCatalog.Contains(name))
            throw new TransformException($"step {number}: there is no transform '{name}'; there are {TransformCatalog.Names}.");
        var values = new StepParameters($"step {number} ({name})", given);
        var columns = values.Texts(ColumnsKey) ?? [];
        if (columns.Count == 0)
            throw values.Error($"'{ColumnsKey}' is missing; list the columns to work on.");
        if (columns.GroupBy(c => c, StringComparer.Ordinal).FirstOrDefault(g => g.Skip(1).Any()) is { } twice)
            throw values.Error($"column '{twice.Key}' is listed twice.");
        var (output, outputs) = (values.Text(OutputKey, ""), values.Texts(OutputsKey));
        if (output.Length > 0 && outputs is not null)
            throw values.Error($"give '{OutputKey}' (one vector column) or '{OutputsKey}' (a name for each column made), not both.");
        var single = values.Choice(TypeKey, "float64", "float32") == "float32";
        var keep = values.Flag(KeepKey, false);
        var own = new JsonObject(given.Where(p => p.Key is not (StepKey or ColumnsKey or OutputKey or OutputsKey or KeepKey or TypeKey))
            .Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone())));
        return new StepDefinition(name, columns, output.Length == 0 ? null : output, outputs, keep, single, own);
    }

    /// <summary>The step as JSON that <see cref="Read"/> understands.</summary>
    public JsonObject ToJson(IReadOnlyList<string> columns)
    {
        var json = new JsonObject { [StepKey] = Name, [ColumnsKey] = Array(columns) };
        if (Output is not null)
            json[OutputKey] = Output;
        if (Outputs is not null)
            json[OutputsKey] = Array(Outputs);
        if (Keep)
            json[KeepKey] = true;
        if (Single)
            json[TypeKey] = "float32";
        foreach (var (key, value) in Parameters)
            json[key] = value?.DeepClone();
        return json;

        static JsonArray Array(IReadOnlyList<string> names) => new([.. names.Select(n => (JsonNode)JsonValue.Create(n))]);
    }
}
