namespace EventMl.Arrow;

/// <summary>Collects the values of one column; <see cref="Build"/> hands them out and starts again.</summary>
public abstract class ColumnBuilder
{
    // Begun with the first null, since most columns have none.
    private readonly BitBuffer _validity = new();
    private int _nulls;

    private protected ColumnBuilder(ArrowField field) => Field = field;

    /// <summary>The field the column is for.</summary>
    public ArrowField Field { get; }

    /// <summary>Rows appended since the last <see cref="Build"/>.</summary>
    public int Length { get; private set; }

    /// <summary>The builder that fits a field's type.</summary>
    public static ColumnBuilder For(ArrowField field) => field.Type.Layout.NewBuilder(field);

    /// <summary>Appends a row without a value.</summary>
    /// <exception cref="InvalidOperationException">The column does not allow nulls.</exception>
    public void AppendNull()
    {
        if (!Field.Nullable)
            throw new InvalidOperationException($"Column '{Field.Name}' does not allow nulls.");
        AppendPlaceholder();
        AddNulls(1);
        Length++;
    }

    /// <summary>The rows so far as a column; the builder is empty afterwards.</summary>
    public Column Build()
    {
        if (_nulls > 0)
            _validity.Append(true, Length - _validity.Length);
        var column = Build(new Rows(Length, _nulls, _nulls == 0 ? default : _validity.Take()));
        Length = 0;
        _nulls = 0;
        return column;
    }

    /// <summary>Adds rows that a null parent needs, whatever the field says about nulls.</summary>
    internal void Fill(int rows)
    {
        for (var i = 0; i < rows; i++)
            AppendPlaceholder();
        if (Field.Nullable)
            AddNulls(rows);
        Length = checked(Length + rows);
    }

    /// <summary>Appends a row by the bytes of its value, where the type has such.</summary>
    internal virtual void AppendRaw(ReadOnlySpan<byte> value) => throw new NotSupportedException($"Values of {Field.Type} have no bytes of their own.");

    private protected abstract void AppendPlaceholder();

    private protected abstract Column Build(Rows rows);

    private protected void Appended(int rows = 1) => Length = checked(Length + rows);

    private void AddNulls(int rows)
    {
        if (rows == 0)
            return;
        _validity.Append(true, Length - _validity.Length);
        _validity.Append(false, rows);
        _nulls += rows;
    }
}

/// <summary>Builds a column of nulls.</summary>
public sealed class NullBuilder : ColumnBuilder
{
    internal NullBuilder(ArrowField field)
        : base(field)
    {
    }

    private protected override void AppendPlaceholder()
    {
    }

    private protected override Column Build(Rows rows) => new NullColumn(Field, rows.Length);
}

/// <summary>Builds a column of bits.</summary>
public sealed class BoolBuilder : ColumnBuilder
{
    private readonly BitBuffer _values = new();

    internal BoolBuilder(ArrowField field)
        : base(field)
    {
    }

    /// <summary>Appends a row.</summary>
    public void Append(bool value)
    {
        _values.Append(value);
        Appended();
    }

    private protected override void AppendPlaceholder() => _values.Append(false);

    private protected override Column Build(Rows rows) => new BoolColumn(Field, rows, _values.Take());
}
