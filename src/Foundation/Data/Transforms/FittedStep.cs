using EventMl.Arrow;
using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Transforms;

/// <summary>A step that was fitted, and where its columns go.</summary>
internal sealed class FittedStep
{
    private readonly StepOutputs _outputs;
    private Layout? _layout;

    public FittedStep(StepContext context, FittedTransform transform)
    {
        (Context, Transform) = (context, transform);
        _outputs = new StepOutputs(context, transform.Outputs);
    }

    public StepContext Context { get; }

    public FittedTransform Transform { get; }

    public IReadOnlyList<ArrowField> Outputs => _outputs.Fields;

    /// <summary>The columns after the step: those that only change take their old places, new ones come last, those they were made from go.</summary>
    public ArrowSchema Apply(ArrowSchema schema) => LayoutFor(schema).Schema;

    public RecordBatch Apply(RecordBatch batch)
    {
        var layout = LayoutFor(batch.Schema);
        var made = Transform.Apply(Bind(Context, batch, withTarget: false), _outputs);
        return new RecordBatch(layout.Schema, [.. layout.Sources.Select(s => s >= 0 ? batch.Column(s) : made[~s])]);
    }

    /// <summary>A step's columns in a batch, of the types it was made for.</summary>
    public static StepBatch Bind(StepContext step, RecordBatch batch, bool withTarget)
    {
        var columns = new Column[step.Fields.Count];
        for (var i = 0; i < columns.Length; i++)
            columns[i] = Find(step, batch, step.Fields[i]);
        return new StepBatch(columns, withTarget && step.Target is { } target ? Find(step, batch, target) : null, batch.Length);
    }

    private static Column Find(StepContext step, RecordBatch batch, ArrowField field)
    {
        if (batch.Schema.IndexOf(field.Name) is not (var index and >= 0))
            throw step.Error($"there is no column '{field.Name}'; there are {string.Join(", ", batch.Schema.Fields.Select(f => f.Name))}.");
        var column = batch.Column(index);
        return column.Field.Type.IsLike(field.Type)
            ? column
            : throw step.Error($"column '{field.Name}' is {column.Field.Type}; the step was fitted on {field.Type}. Convert the column, or fit again.");
    }

    private Layout LayoutFor(ArrowSchema schema)
    {
        // Batches of one source share their schema, so this is made once.
        if (_layout is { } known && ReferenceEquals(known.Of, schema))
            return known;
        var fields = new List<ArrowField>();
        var sources = new List<int>();
        var inputs = Context.Fields.Select(f => f.Name).ToHashSet(StringComparer.Ordinal);
        var made = Outputs.Select((f, i) => (f.Name, i)).ToDictionary(p => p.Name, p => p.i, StringComparer.Ordinal);
        var replaces = made.Keys.All(inputs.Contains);
        for (var i = 0; i < schema.Fields.Count; i++)
        {
            var (field, used) = (schema.Fields[i], inputs.Contains(schema.Fields[i].Name));
            if (made.ContainsKey(field.Name) && (!used || Context.Definition.Keep))
                throw Context.Error($"the step makes a column '{field.Name}', which exists; name what it makes with 'output' or 'outputs'{(used ? ", or leave 'keep' out" : "")}.");
            if (replaces && made.Remove(field.Name, out var replacement))
                Add(Outputs[replacement], ~replacement);
            else if (!used || Context.Definition.Keep)
                Add(field, i);
        }

        foreach (var added in made.Values.Order())
            Add(Outputs[added], ~added);
        var layout = new Layout(schema, new ArrowSchema(fields, schema.Metadata), [.. sources]);
        _layout = layout;
        return layout;

        void Add(ArrowField field, int source)
        {
            fields.Add(field);
            sources.Add(source);
        }
    }

    // Columns of the batch by position; made ones by the complement of theirs.
    private sealed record Layout(ArrowSchema Of, ArrowSchema Schema, int[] Sources);
}
