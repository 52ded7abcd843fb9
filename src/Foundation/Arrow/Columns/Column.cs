namespace EventMl.Arrow;

/// <summary>The values of one field in one batch; its spans live as long as the file or builder output they were read from.</summary>
public abstract class Column
{
    private readonly Rows _rows;

    private protected Column(ArrowField field, Rows rows)
    {
        Field = field;
        _rows = rows;
    }

    /// <summary>The field this column belongs to.</summary>
    public ArrowField Field { get; }

    /// <summary>Rows.</summary>
    public int Length => _rows.Length;

    /// <summary>Rows whose own validity bit says null; unions and run-end encoded columns have no such bits, their nulls are those of their children.</summary>
    public int NullCount => _rows.NullCount;

    /// <summary>One bit per row, least significant first, 1 = has a value; empty when nothing is null.</summary>
    public ReadOnlySpan<byte> Validity => NullCount == 0 ? default : _rows.Validity.Span;

    internal ReadOnlyMemory<byte> ValidityBuffer => NullCount == 0 ? default : _rows.Validity;

    /// <summary>The columns of the type's children, which follow this one in a batch.</summary>
    internal virtual IReadOnlyList<Column> Parts => [];

    /// <summary>Whether row <paramref name="index"/> has no value.</summary>
    public virtual bool IsNull(int index)
    {
        CheckRow(index);
        return _rows.IsNull(index);
    }

    /// <summary>The values without copying, also of the items of a fixed-size list (<c>Length × Size</c> of them); null rows hold arbitrary values.</summary>
    /// <exception cref="InvalidOperationException">The column does not hold <typeparamref name="T"/>.</exception>
    public virtual ReadOnlySpan<T> Values<T>()
        where T : unmanaged =>
        throw new InvalidOperationException($"Column '{Field.Name}' is {Field.Type}; it has no plain values of {typeof(T).Name}.");

    /// <summary>The rows of several columns of one field behind one another, copied.</summary>
    /// <exception cref="ArrowFormatException">Together they are too large for one column.</exception>
    internal static Column Join(IReadOnlyList<Column> parts) => parts.Count == 1 ? parts[0] : parts[0].JoinAll(parts);

    /// <summary>Adds the column's own node and buffers to a batch's body.</summary>
    internal virtual void Flatten(BodyLayout body)
    {
        body.Node(this);
        body.Buffer(ValidityBuffer);
    }

    private protected abstract Column JoinAll(IReadOnlyList<Column> parts);

    private protected Column[] JoinParts(IReadOnlyList<Column> parts) => [.. Enumerable.Range(0, Parts.Count).Select(i => Join([.. parts.Select(p => p.Parts[i])]))];

    private protected void CheckRow(int index)
    {
        if ((uint)index >= (uint)Length)
            throw new ArgumentOutOfRangeException(nameof(index), index, $"Column '{Field.Name}' has {Length} rows.");
    }
}

/// <summary>A column of nulls.</summary>
public sealed class NullColumn : Column
{
    internal NullColumn(ArrowField field, int length)
        : base(field, new Rows(length, length, default))
    {
    }

    /// <inheritdoc />
    public override bool IsNull(int index)
    {
        CheckRow(index);
        return true;
    }

    internal override void Flatten(BodyLayout body) => body.Node(this);

    private protected override Column JoinAll(IReadOnlyList<Column> parts) => new NullColumn(Field, ArrowMath.Sum(parts, p => p.Length));
}
