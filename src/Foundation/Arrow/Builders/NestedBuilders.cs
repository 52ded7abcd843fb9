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

    private protected override Column Build(Rows rows) =>
        Items.Length == (long)rows.Length * Field.Type.Size
            ? new FixedSizeListColumn(Field, rows, Items.Build())
            : throw new InvalidOperationException($"Column '{Field.Name}' has {rows.Length} rows of {Field.Type.Size} items, but {Items.Length} items.");
}

/// <summary>Builds rows of any number of items (list, large list and both views).</summary>
public sealed class ListBuilder : ColumnBuilder
{
    private readonly RowRangesBuilder _ranges;

    internal ListBuilder(ArrowField field, RowRangesBuilder ranges)
        : base(field) => (Items, _ranges) = (For(field.Type.Children[0]), ranges);

    /// <summary>The builder of the items: append a row's items to it, then call <see cref="Append"/>.</summary>
    public ColumnBuilder Items { get; }

    /// <summary>Ends a row: it has the items appended since the last one.</summary>
    public void Append()
    {
        _ranges.EndRow(Items.Length);
        Appended();
    }

    private protected override void AppendPlaceholder() => _ranges.EndRow(Items.Length);

    private protected override Column Build(Rows rows) => new ListColumn(Field, rows, _ranges.Build(), Items.Build());
}

/// <summary>Builds rows of key-value pairs.</summary>
public sealed class MapBuilder : ColumnBuilder
{
    private readonly OffsetRangesBuilder<int> _ranges = new();
    private readonly ArrowField _entries;

    internal MapBuilder(ArrowField field)
        : base(field)
    {
        _entries = field.Type.Children[0];
        (Keys, MapValues) = (For(_entries.Type.Children[0]), For(_entries.Type.Children[1]));
    }

    /// <summary>The builder of the keys: append a key and a value for each pair of a row, then call <see cref="Append"/>.</summary>
    public ColumnBuilder Keys { get; }

    /// <summary>The builder of the values.</summary>
    public ColumnBuilder MapValues { get; }

    /// <summary>Ends a row: it has the pairs appended since the last one.</summary>
    /// <exception cref="InvalidOperationException">There are more keys than values, or fewer.</exception>
    public void Append()
    {
        if (Keys.Length != MapValues.Length)
            throw new InvalidOperationException($"Column '{Field.Name}' got {Keys.Length} keys and {MapValues.Length} values.");
        _ranges.EndRow(Keys.Length);
        Appended();
    }

    private protected override void AppendPlaceholder() => _ranges.EndRow(Keys.Length);

    private protected override Column Build(Rows rows)
    {
        var pairs = new Rows(Keys.Length, 0, default);
        return new MapColumn(Field, rows, _ranges.Build(), new StructColumn(_entries, pairs, [Keys.Build(), MapValues.Build()]));
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

    private protected override Column Build(Rows rows) => new StructColumn(Field, rows, [.. Fields.Select(f => f.Build())]);
}
