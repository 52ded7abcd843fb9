namespace EventMl.Arrow;

/// <summary>Builds rows of the same number of items.</summary>
public sealed class FixedSizeListBuilder : ColumnBuilder
{
    internal FixedSizeListBuilder(ArrowField field)
        : base(field) => Items = For(field.Type.Children[0]);

    /// <summary>The builder of the items: append a row's items to it, then call <see cref="Append()"/>.</summary>
    public ColumnBuilder Items { get; }

    /// <summary>Ends a row whose items were appended.</summary>
    /// <exception cref="InvalidOperationException">The row has another number of items.</exception>
    public void Append()
    {
        var given = Items.Length - ((long)Length * Field.Type.Size);
        if (given != Field.Type.Size)
            throw new InvalidOperationException($"Column '{Field.Name}' takes {Field.Type.Size} items per row; {given} were appended.");
        Appended();
    }

    /// <summary>Appends one or many rows whose items lie behind one another.</summary>
    /// <exception cref="ArgumentException">The items are not a whole number of rows, or of another type.</exception>
    public void Append<T>(ReadOnlySpan<T> items)
        where T : unmanaged
    {
        if (Items is not PrimitiveBuilder<T> values)
            throw new ArgumentException($"Column '{Field.Name}' is {Field.Type}; it does not take {typeof(T).Name}.", nameof(items));
        if (Field.Type.Size == 0 || items.Length == 0 || items.Length % Field.Type.Size != 0)
            throw new ArgumentException($"Column '{Field.Name}' takes {Field.Type.Size} items per row; {items.Length} were given.", nameof(items));
        values.Append(items);
        Appended(items.Length / Field.Type.Size);
    }

    private protected override void AppendPlaceholder() => Items.Fill(Field.Type.Size);

    private protected override Column Build(int length, int nulls, ReadOnlyMemory<byte> validity) =>
        Items.Length == (long)length * Field.Type.Size
            ? new FixedSizeListColumn(Field, length, nulls, validity, Items.Build())
            : throw new InvalidOperationException($"Column '{Field.Name}' has {length} rows of {Field.Type.Size} items, but {Items.Length} items.");
}

/// <summary>Builds rows of any number of items.</summary>
public sealed class ListBuilder : ColumnBuilder
{
    private readonly ByteBuffer _offsets = new();

    internal ListBuilder(ArrowField field)
        : base(field)
    {
        Items = For(field.Type.Children[0]);
        _offsets.Append(0);
    }

    /// <summary>The builder of the items: append a row's items to it, then call <see cref="Append"/>.</summary>
    public ColumnBuilder Items { get; }

    /// <summary>Ends a row: it has the items appended since the last one.</summary>
    public void Append()
    {
        _offsets.Append(Items.Length);
        Appended();
    }

    private protected override void AppendPlaceholder() => _offsets.Append(Items.Length);

    private protected override Column Build(int length, int nulls, ReadOnlyMemory<byte> validity)
    {
        var column = new ListColumn(Field, length, nulls, validity, _offsets.Take(), Items.Build());
        _offsets.Append(0);
        return column;
    }
}

/// <summary>Builds rows of named values.</summary>
public sealed class StructBuilder : ColumnBuilder
{
    internal StructBuilder(ArrowField field)
        : base(field) => Fields = [.. field.Type.Children.Select(For)];

    /// <summary>The builders of the fields: append one value to each, then call <see cref="Append"/>.</summary>
    public IReadOnlyList<ColumnBuilder> Fields { get; }

    /// <summary>Ends a row.</summary>
    /// <exception cref="InvalidOperationException">A field got no value or several.</exception>
    public void Append()
    {
        foreach (var child in Fields)
        {
            if (child.Length != Length + 1)
                throw new InvalidOperationException($"Field '{child.Field.Name}' of column '{Field.Name}' got {child.Length - Length} values for one row.");
        }

        Appended();
    }

    private protected override void AppendPlaceholder()
    {
        foreach (var child in Fields)
            child.Fill(1);
    }

    private protected override Column Build(int length, int nulls, ReadOnlyMemory<byte> validity) =>
        new StructColumn(Field, length, nulls, validity, [.. Fields.Select(f => f.Build())]);
}

/// <summary>The builders of all columns of a schema.</summary>
public sealed class RecordBatchBuilder
{
    private readonly ColumnBuilder[] _columns;

    /// <summary>Builders for every column of a schema.</summary>
    /// <exception cref="NotSupportedException">A type can only be read.</exception>
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
