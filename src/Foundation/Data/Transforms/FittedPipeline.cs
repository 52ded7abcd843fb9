using EventMl.Arrow;

namespace EventMl.Data.Transforms;

/// <summary>Steps with what they learned: the same code for a whole version and for one row at serving time; safe to use from several threads.</summary>
public sealed class FittedPipeline
{
    private readonly IReadOnlyList<FittedStep> _steps;
    private readonly RowBatch _rows;

    internal FittedPipeline(ArrowSchema schema, IReadOnlyList<FittedStep> steps)
    {
        _steps = steps;
        var made = new HashSet<string>(StringComparer.Ordinal);
        var inputs = new List<ArrowField>();
        foreach (var step in steps)
        {
            foreach (var field in step.Context.Fields.Where(f => !made.Contains(f.Name) && !inputs.Exists(i => i.Name == f.Name)))
                inputs.Add(schema.Fields[schema.IndexOf(field.Name)]);
            made.UnionWith(step.Outputs.Select(f => f.Name));
        }

        InputSchema = new ArrowSchema([.. inputs.Select(f => new ArrowField(f.Name, f.Type))]);
        OutputSchema = SchemaAfter(InputSchema);
        _rows = new RowBatch(InputSchema);
    }

    /// <summary>The columns that must be there; a label that steps looked at while they were fitted is none of them.</summary>
    public ArrowSchema InputSchema { get; }

    /// <summary>What comes out when exactly the columns of <see cref="InputSchema"/> go in.</summary>
    public ArrowSchema OutputSchema { get; }

    /// <summary>The transforms' names in order.</summary>
    public IReadOnlyList<string> Steps => [.. _steps.Select(s => s.Context.Definition.Name)];

    internal IReadOnlyList<FittedStep> Fitted => _steps;

    /// <summary>What comes out when columns of a schema go in; those that no step uses stay.</summary>
    /// <exception cref="TransformException">A column has the name of one that a step makes.</exception>
    public ArrowSchema SchemaAfter(ArrowSchema schema) => _steps.Aggregate(schema, (current, step) => step.Apply(current));

    /// <summary>Transforms a batch; columns that no step uses go through as they are.</summary>
    /// <exception cref="TransformException">A column is missing, of another type, or holds what a step refuses.</exception>
    /// <exception cref="ArrowFormatException">The bytes of a column are damaged.</exception>
    public RecordBatch Apply(RecordBatch batch) => _steps.Aggregate(batch, (current, step) => step.Apply(current));

    /// <summary>Transforms one row, given by column name; numbers may come in any numeric type, vectors as arrays, missing values as null.</summary>
    /// <returns>Every column that comes out: a double, float, text or null, or an array for a vector.</returns>
    /// <exception cref="TransformException">A column is missing or its value does not fit, or a step refuses it.</exception>
    public IReadOnlyDictionary<string, object?> Apply(IReadOnlyDictionary<string, object?> row) => RowBatch.Read(Apply(_rows.Build(row)));

    /// <summary>The pipeline as text that travels with a dataset version; numbers keep every bit.</summary>
    public string ToJson() => FittedPipelineJson.Write(this);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="TransformException">The text is damaged, or of a later version.</exception>
    public static FittedPipeline FromJson(string json) => FittedPipelineJson.Read(json);
}
