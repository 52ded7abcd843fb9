using EventMl.Arrow;
using EventMl.Data.Transforms.Definitions;

namespace EventMl.Data.Transforms;

/// <summary>Finds the columns that a step names.</summary>
internal static class StepBinding
{
    /// <summary>The step on the columns of a schema, or null where one of them is missing and <paramref name="orWait"/> says that it may still come.</summary>
    public static StepContext? Bind(StepDefinition step, int number, ArrowSchema schema, TransformFitOptions limits, bool orWait = false, bool toFit = true)
    {
        var fields = new List<ArrowField>();
        foreach (var name in step.Columns)
        {
            var found = Match(schema, name).Where(f => !fields.Contains(f)).ToList();
            if (found.Count == 0)
                return orWait ? null : throw Missing(step, number, schema, name);
            fields.AddRange(found);
        }

        ArrowField? target = null;
        if (toFit && step.Parameters[StepContext.TargetKey] is not null)
        {
            var name = new StepContext(number, step, [], null, limits).Parameters.Text(StepContext.TargetKey, "");
            target = schema.Fields.FirstOrDefault(f => f.Name == name);
            if (target is null)
                return orWait ? null : throw Missing(step, number, schema, name);
        }

        return new StepContext(number, step, fields, target, limits);
    }

    /// <summary>Whether a step works on a column of that name.</summary>
    public static bool Uses(StepDefinition step, string column) => step.Columns.Any(c => IsWildcard(c) ? column.StartsWith(c[..^1], StringComparison.Ordinal) : c == column);

    /// <summary>Whether what a step works on depends on what is there.</summary>
    public static bool HasWildcard(StepDefinition step) => step.Columns.Any(IsWildcard);

    private static bool IsWildcard(string name) => name.EndsWith('*');

    private static IEnumerable<ArrowField> Match(ArrowSchema schema, string name) =>
        schema.Fields.Where(f => f.Name == name || (IsWildcard(name) && f.Name.StartsWith(name[..^1], StringComparison.Ordinal)));

    private static TransformException Missing(StepDefinition step, int number, ArrowSchema schema, string name) =>
        new($"step {number} ({step.Name}): there is no column '{name}'; at this step there are {string.Join(", ", schema.Fields.Take(50).Select(f => f.Name))}. An earlier step may have used it up: 'keep: true' leaves it.");
}
