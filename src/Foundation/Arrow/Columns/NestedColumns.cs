namespace EventMl.Arrow;

/// <summary>Rows of the same number of items: vectors and images.</summary>
public sealed class FixedSizeListColumn : Column
{
    internal FixedSizeListColumn(ArrowField field, Rows rows, Column items)
        : base(field, rows) => Items = items;

    /// <summary>Items per row.</summary>
    public int ListSize => Field.Type.Size;

    /// <summary>The items of all rows, <c>Length × ListSize</c> of them.</summary>
    public Column Items { get; }

    internal override IReadOnlyList<Column> Parts => [Items];

    /// <inheritdoc />
    public override ReadOnlySpan<T> Values<T>() => Items.Values<T>();

    /// <summary>The items of one row without copying.</summary>
    public ReadOnlySpan<T> GetRow<T>(int index)
        where T : unmanaged
    {
        CheckRow(index);
        return Items.Values<T>().Slice(index * ListSize, ListSize);
    }

    private protected override Column JoinAll(IReadOnlyList<Column> parts) => new FixedSizeListColumn(Field, Rows.Join(parts), JoinParts(parts)[0]);
}

/// <summary>Rows of any number of items (list, large list and both views).</summary>
public class ListColumn : Column
{
    private readonly RowRanges _ranges;

    internal ListColumn(ArrowField field, Rows rows, RowRanges ranges, Column items)
        : base(field, rows)
    {
        _ranges = ranges;
        Items = items;
    }

    /// <summary>The items of all rows.</summary>
    public Column Items { get; }

    internal override IReadOnlyList<Column> Parts => [Items];

    /// <summary>Which of <see cref="Items"/> belong to a row; none where the row is null.</summary>
    public Range GetRange(int index) => IsNull(index) ? ..0 : _ranges.Get(index);

    internal override void Flatten(BodyLayout body)
    {
        base.Flatten(body);
        _ranges.Flatten(body);
    }

    private protected override Column JoinAll(IReadOnlyList<Column> parts) => new ListColumn(Field, Rows.Join(parts), JoinRanges(parts), JoinParts(parts)[0]);

    private protected static RowRanges JoinRanges(IReadOnlyList<Column> parts)
    {
        ListColumn[] lists = [.. parts.Cast<ListColumn>()];
        return lists[0]._ranges.Join([.. lists.Select(l => l._ranges)], [.. lists.Select(l => l.Items.Length)]);
    }
}

/// <summary>Rows of any number of key-value pairs; <see cref="ListColumn.GetRange"/> tells which pairs belong to a row.</summary>
public sealed class MapColumn : ListColumn
{
    internal MapColumn(ArrowField field, Rows rows, RowRanges ranges, StructColumn entries)
        : base(field, rows, ranges, entries)
    {
    }

    /// <summary>The keys of all pairs.</summary>
    public Column Keys => ((StructColumn)Items).Children[0];

    /// <summary>The values of all pairs.</summary>
    public Column MapValues => ((StructColumn)Items).Children[1];

    private protected override Column JoinAll(IReadOnlyList<Column> parts) => new MapColumn(Field, Rows.Join(parts), JoinRanges(parts), (StructColumn)JoinParts(parts)[0]);
}

/// <summary>Rows of named values.</summary>
public sealed class StructColumn : Column
{
    internal StructColumn(ArrowField field, Rows rows, IReadOnlyList<Column> children)
        : base(field, rows) => Children = children;

    /// <summary>One column for each field of the struct, each as long as the struct.</summary>
    public IReadOnlyList<Column> Children { get; }

    internal override IReadOnlyList<Column> Parts => Children;

    private protected override Column JoinAll(IReadOnlyList<Column> parts) => new StructColumn(Field, Rows.Join(parts), JoinParts(parts));
}
