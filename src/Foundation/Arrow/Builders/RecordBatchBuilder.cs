namespace EventMl.Arrow;

/// <summary>The builders of all columns of a schema.</summary>
public sealed class RecordBatchBuilder
{
    private readonly ColumnBuilder[] _columns;

    /// <summary>Builders for every column of a schema.</summary>
    public RecordBatchBuilder(ArrowSchema schema)
    {
        Schema = schema;
        _columns = [.. schema.Fields.Select(ColumnBuilder.For)];
    }

    /// <summary>The schema.</summary>
    public ArrowSchema Schema { get; }

    /// <summary>Rows appended to the first column since the last <see cref="Build"/>.</summary>
    public int Length => _columns.Length == 0 ? 0 : _columns[0].Length;

    /// <summary>The builder of the column called <paramref name="name"/>, for instance <c>Column&lt;PrimitiveBuilder&lt;float&gt;&gt;("x")</c>.</summary>
    /// <exception cref="ArgumentException">There is no such column, or its builder is of another kind.</exception>
    public T Column<T>(string name)
        where T : ColumnBuilder =>
        Schema.IndexOf(name) is var index and >= 0 && _columns[index] is T builder
            ? builder
            : throw new ArgumentException($"The schema ({Schema}) has no column '{name}' that is built with {typeof(T).Name}.", nameof(name));

    /// <summary>The builder at a position of the schema.</summary>
    public ColumnBuilder Column(int index) => _columns[index];

    /// <summary>The rows so far as a batch; the builders are empty afterwards.</summary>
    /// <exception cref="InvalidOperationException">The columns have different numbers of rows.</exception>
    public RecordBatch Build()
    {
        foreach (var column in _columns)
        {
            if (column.Length != Length)
                throw new InvalidOperationException($"Column '{column.Field.Name}' has {column.Length} rows; column '{_columns[0].Field.Name}' has {Length}.");
        }

        return new RecordBatch(Schema, [.. _columns.Select(c => c.Build())]);
    }
}
