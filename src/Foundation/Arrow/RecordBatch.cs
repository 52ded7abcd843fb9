namespace EventMl.Arrow;

/// <summary>Some rows of all columns; columns are checked and mapped when first asked for, so unread ones cost nothing.</summary>
public sealed class RecordBatch
{
    private readonly Column?[] _columns;
    private readonly Func<int, Column>? _load;

    /// <summary>A batch of columns that were built; all must have the same number of rows and the types of the schema.</summary>
    /// <exception cref="ArgumentException">The columns do not fit the schema or each other.</exception>
    public RecordBatch(ArrowSchema schema, IReadOnlyList<Column> columns)
    {
        if (columns.Count != schema.Fields.Count)
            throw new ArgumentException($"The schema has {schema.Fields.Count} columns; {columns.Count} were given.", nameof(columns));
        Schema = schema;
        Length = columns.Count == 0 ? 0 : columns[0].Length;
        for (var i = 0; i < columns.Count; i++)
        {
            var field = schema.Fields[i];
            if (columns[i].Length != Length)
                throw new ArgumentException($"Column '{field.Name}' has {columns[i].Length} rows; the first column has {Length}.", nameof(columns));
            if (!columns[i].Field.Type.Equals(field.Type))
                throw new ArgumentException($"Column '{field.Name}' is {columns[i].Field.Type}; the schema says {field.Type}.", nameof(columns));
            if (!field.Nullable && columns[i].NullCount > 0)
                throw new ArgumentException($"Column '{field.Name}' has {columns[i].NullCount} nulls; the schema says it has none.", nameof(columns));
        }

        _columns = [.. columns];
    }

    internal RecordBatch(ArrowSchema schema, int length, Func<int, Column> load)
    {
        Schema = schema;
        Length = length;
        _columns = new Column?[schema.Fields.Count];
        _load = load;
    }

    /// <summary>The columns' names and types.</summary>
    public ArrowSchema Schema { get; }

    /// <summary>Rows.</summary>
    public int Length { get; }

    /// <summary>The column at a position of the schema.</summary>
    /// <exception cref="ArrowFormatException">The column's bytes are damaged.</exception>
    public Column Column(int index) => _columns[index] ??= _load!(index);

    /// <summary>The column called <paramref name="name"/>.</summary>
    /// <exception cref="KeyNotFoundException">There is none; the message lists those that exist.</exception>
    public Column Column(string name) => Schema.IndexOf(name) is var index and >= 0
        ? Column(index)
        : throw new KeyNotFoundException($"There is no column '{name}'; there are: {string.Join(", ", Schema.Fields.Select(f => f.Name))}.");

    /// <summary>The column called <paramref name="name"/> as a certain kind of column.</summary>
    /// <exception cref="InvalidOperationException">It is of another kind.</exception>
    public T Column<T>(string name)
        where T : Column =>
        Column(name) is var column && column is T typed
            ? typed
            : throw new InvalidOperationException($"Column '{name}' is {column.Field.Type} ({column.GetType().Name}), not {typeof(T).Name}.");

    /// <summary>The same rows with only some columns, in the order given; the others stay untouched on disk.</summary>
    /// <exception cref="KeyNotFoundException">A column does not exist.</exception>
    public RecordBatch Select(params IReadOnlyList<string> names)
    {
        var positions = names.Select(name => Schema.IndexOf(name) is var index and >= 0 ? index : Column(name).Length).ToArray();
        var schema = new ArrowSchema([.. positions.Select(p => Schema.Fields[p])], Schema.Metadata);
        return new RecordBatch(schema, Length, index => Column(positions[index]));
    }
}
