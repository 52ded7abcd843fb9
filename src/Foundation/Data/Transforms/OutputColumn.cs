using EventMl.Arrow;
using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Transforms;

/// <summary>A column that a step makes, before it is renamed or packed.</summary>
/// <param name="Name">Its name unless the definition gives another.</param>
/// <param name="Width">Numbers in a row.</param>
/// <param name="IsVector">Whether it stays one column however many numbers it has.</param>
/// <param name="Type">Its type where it does not hold numbers, else null.</param>
internal sealed record OutputColumn(string Name, int Width, bool IsVector, ArrowType? Type = null)
{
    public static OutputColumn Scalar(string name) => new(name, 1, IsVector: false);

    public static OutputColumn Vector(string name, int width) => new(name, width, IsVector: true);

    public static OutputColumn Other(string name, ArrowType type) => new(name, 1, IsVector: false, type);
}

/// <summary>The columns of a step as they come out, named and typed as its definition says.</summary>
internal sealed class StepOutputs
{
    private readonly IReadOnlyList<OutputColumn> _made;
    private readonly bool _single;

    public StepOutputs(StepContext step, IReadOnlyList<OutputColumn> made)
    {
        var definition = step.Definition;
        _single = definition.Single;
        if (definition.Output is { } vector)
        {
            if (made is [{ Type: not null } only])
                made = [only with { Name = vector }];
            else if (made.FirstOrDefault(m => m.Type is not null) is { } other)
                throw step.Error($"'output' makes one vector of numbers, but '{other.Name}' is {other.Type}; leave 'output' out, or use 'outputs' to rename.");
            else
                made = [OutputColumn.Vector(vector, made.Sum(m => m.Width))];
        }
        else if (definition.Outputs is { } names)
        {
            if (names.Count != made.Count)
                throw step.Error($"'outputs' names {names.Count} columns, but the step makes {made.Count}: {Shorten(made)}.");
            made = [.. made.Select((m, i) => m with { Name = names[i] })];
        }

        if (made.FirstOrDefault(m => m.IsVector && m.Width == 0) is { } empty)
            throw step.Error($"vector '{empty.Name}' would hold no number; nothing is left of its columns.");
        if (made.GroupBy(m => m.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Skip(1).Any()) is { } twice)
            throw step.Error($"the step makes two columns called '{twice.Key}'; name them with 'outputs'.");
        _made = made;
        Fields = [.. made.Select(m => new ArrowField(m.Name, m.Type ?? (m.IsVector ? ArrowType.FixedSizeList(Number, m.Width) : Number)))];
    }

    public IReadOnlyList<ArrowField> Fields { get; }

    private ArrowType Number => ArrowType.Of(_single ? ArrowKind.Float32 : ArrowKind.Float64);

    /// <summary>The matrix cut into the step's columns.</summary>
    public Column[] Pack(Matrix matrix)
    {
        var columns = new Column[_made.Count];
        var at = 0;
        for (var i = 0; i < columns.Length; i++)
        {
            columns[i] = Pack(matrix, at, i);
            at += _made[i].Width;
        }

        return columns;
    }

    /// <summary>One column from neighbouring features of a matrix.</summary>
    public Column Pack(Matrix matrix, int at, int output) => _single
        ? Pack(matrix, at, output, static v => (float)v)
        : Pack(matrix, at, output, static v => v);

    private Column Pack<T>(Matrix matrix, int at, int output, Func<double, T> convert)
        where T : unmanaged
    {
        var (made, builder) = (_made[output], ColumnBuilder.For(Fields[output]));
        var items = new T[made.Width];
        for (var row = 0; row < matrix.Rows; row++)
        {
            var numbers = matrix.Row(row).Slice(at, made.Width);
            for (var i = 0; i < items.Length; i++)
                items[i] = convert(numbers[i]);
            if (builder is FixedSizeListBuilder vectors)
                vectors.Append<T>(items);
            else if (double.IsNaN(numbers[0]))
                builder.AppendNull();
            else
                ((PrimitiveBuilder<T>)builder).Append(items[0]);
        }

        return builder.Build();
    }

    private static string Shorten(IReadOnlyList<OutputColumn> made) => string.Join(", ", made.Take(20).Select(m => m.Name)) + (made.Count > 20 ? ", …" : "");
}
