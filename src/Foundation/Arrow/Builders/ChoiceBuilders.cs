using System.Runtime.InteropServices;
using EventMl.Arrow.Types;

namespace EventMl.Arrow;

/// <summary>Builds rows with a value of one of several children.</summary>
public sealed class UnionBuilder : ColumnBuilder
{
    private readonly bool _isDense;
    private readonly ByteBuffer _types = new();
    private readonly ByteBuffer _offsets = new();

    internal UnionBuilder(ArrowField field, bool isDense)
        : base(field)
    {
        _isDense = isDense;
        Fields = [.. field.Type.Children.Select(For)];
    }

    /// <summary>The builders of the children: append a value to one, then call <see cref="Append"/> with its position.</summary>
    public IReadOnlyList<ColumnBuilder> Fields { get; }

    /// <summary>Ends a row whose value was appended to child <paramref name="field"/>.</summary>
    /// <exception cref="InvalidOperationException">The child got no value or several.</exception>
    public void Append(int field)
    {
        var child = Fields[field];
        if (!_isDense && child.Length != Length + 1)
            throw new InvalidOperationException($"Field '{child.Field.Name}' of column '{Field.Name}' got {child.Length - Length} values for one row.");
        if (_isDense && child.Length == 0)
            throw new InvalidOperationException($"Field '{child.Field.Name}' of column '{Field.Name}' got no value for this row.");
        EndRow(field);
        Appended();
    }

    /// <summary>A union has no nulls of its own: the first child that allows one gets it.</summary>
    private protected override void AppendPlaceholder()
    {
        var field = Math.Max(0, Fields.ToList().FindIndex(f => f.Field.Nullable));
        if (Fields.Count == 0)
            throw new InvalidOperationException($"Column '{Field.Name}' is a union without children; it has no rows.");
        Fields[field].Fill(1);
        EndRow(field);
    }

    private protected override Column Build(Rows rows)
    {
        foreach (var child in Fields)
        {
            if (!_isDense && child.Length != rows.Length)
                throw new InvalidOperationException($"Field '{child.Field.Name}' of column '{Field.Name}' has {child.Length} rows; the column has {rows.Length}.");
        }

        return new UnionColumn(Field, rows.Length, _types.Take(), _offsets.Take(), [.. Fields.Select(f => f.Build())], UnionLayout.PositionById(Field.Type));
    }

    private void EndRow(int field)
    {
        _types.Append((byte)Field.Type.TypeIds[field]);
        if (_isDense)
        {
            _offsets.Append(Fields[field].Length - 1);
            return;
        }

        for (var i = 0; i < Fields.Count; i++)
        {
            if (i != field)
                Fields[i].Fill(1);
        }
    }
}

/// <summary>Builds runs of equal values.</summary>
public sealed class RunEndBuilder : ColumnBuilder
{
    private readonly IndexBuffer _ends;
    private int _runs;

    internal RunEndBuilder(ArrowField field)
        : base(field)
    {
        _ends = new IndexBuffer(field.Type.Children[0].Type.Kind, field.Name);
        RunValues = For(field.Type.Children[1]);
    }

    /// <summary>The builder of the values: append one, or a null, then call <see cref="AppendRun"/>.</summary>
    public ColumnBuilder RunValues { get; }

    /// <summary>Ends a run: its value, which was appended, holds for <paramref name="rows"/> rows.</summary>
    /// <exception cref="InvalidOperationException">The run got no value or several.</exception>
    public void AppendRun(int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        if (RunValues.Length != _runs + 1)
            throw new InvalidOperationException($"Column '{Field.Name}' got {RunValues.Length - _runs} values for one run.");
        _ends.Append((long)Length + rows);
        _runs++;
        Appended(rows);
    }

    private protected override void AppendPlaceholder()
    {
        RunValues.Fill(1);
        _ends.Append(Length + 1L);
        _runs++;
    }

    private protected override Column Build(Rows rows)
    {
        var ends = new PrimitiveColumn(Field.Type.Children[0], new Rows(_runs, 0, default), _ends.Take());
        _runs = 0;
        return new RunEndColumn(Field, rows.Length, ends, RunValues.Build());
    }
}

/// <summary>Builds rows that point at shared values; it goes on with the same dictionary from batch to batch.</summary>
public sealed class DictionaryBuilder : ColumnBuilder
{
    private readonly IndexBuffer _indices;
    private readonly ValueIndex _known = new();
    private readonly List<Column> _parts = [];
    private readonly List<int> _positions = [];
    private int _built;

    internal DictionaryBuilder(ArrowField field)
        : base(field)
    {
        _indices = new IndexBuffer(field.Type.Children[0].Type.Kind, field.Name);
        SharedValues = For(field.Type.Children[1]);
    }

    /// <summary>The builder of the shared values, for values that <see cref="Append(string)"/> and the others do not take; then use <see cref="AppendIndex"/>.</summary>
    public ColumnBuilder SharedValues { get; }

    /// <summary>The number of shared values so far.</summary>
    public int DictionaryLength => _built + SharedValues.Length;

    /// <summary>Appends a row by its text; null appends a null.</summary>
    public void Append(string? value)
    {
        if (value is null)
            AppendNull();
        else
            Append(System.Text.Encoding.UTF8.GetBytes(value));
    }

    /// <summary>Appends a row by the bytes of its value.</summary>
    public void Append(ReadOnlySpan<byte> value)
    {
        var entry = _known.Add(value, out var isNew);
        if (isNew)
        {
            _positions.Add(DictionaryLength);
            SharedValues.AppendRaw(value);
        }

        AppendIndex(_positions[entry]);
    }

    /// <summary>Appends a row by its plain value.</summary>
    /// <exception cref="ArgumentException">The dictionary holds values of another type.</exception>
    public void Append<T>(T value)
        where T : unmanaged
    {
        if (SharedValues is not PrimitiveBuilder<T>)
            throw new ArgumentException($"Column '{Field.Name}' is {Field.Type}; it does not take {typeof(T).Name}.", nameof(value));
        Append(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));
    }

    /// <summary>Appends a row by the position of its value, which must have been appended to <see cref="SharedValues"/>.</summary>
    public void AppendIndex(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, DictionaryLength);
        _indices.Append(index);
        Appended();
    }

    private protected override void AppendPlaceholder() => _indices.Append(0);

    private protected override Column Build(Rows rows)
    {
        if (SharedValues.Length > 0 || _parts.Count == 0)
        {
            _built += SharedValues.Length;
            _parts.Add(SharedValues.Build());
        }

        return new DictionaryColumn(Field, new PrimitiveColumn(Field.Type.Children[0], rows, _indices.Take()), new DictionaryValues([.. _parts]));
    }
}
