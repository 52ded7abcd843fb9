namespace EventMl.Arrow;

/// <summary>Collects the values of one column; <see cref="Build"/> hands them out and starts again.</summary>
public abstract class ColumnBuilder
{
    private readonly BitBuffer _validity = new();
    private int _nulls;

    private protected ColumnBuilder(ArrowField field) => Field = field;

    /// <summary>The field the column is for.</summary>
    public ArrowField Field { get; }

    /// <summary>Rows appended since the last <see cref="Build"/>.</summary>
    public int Length { get; private set; }

    /// <summary>The builder that fits a field's type.</summary>
    /// <exception cref="NotSupportedException">The type can only be read.</exception>
    public static ColumnBuilder For(ArrowField field) => field.Type.Kind switch
    {
        ArrowKind.Null => new NullBuilder(field),
        ArrowKind.Bool => new BoolBuilder(field),
        ArrowKind.Int8 => new PrimitiveBuilder<sbyte>(field),
        ArrowKind.Int16 => new PrimitiveBuilder<short>(field),
        ArrowKind.Int32 or ArrowKind.Date32 => new PrimitiveBuilder<int>(field),
        ArrowKind.Int64 or ArrowKind.Timestamp => new PrimitiveBuilder<long>(field),
        ArrowKind.UInt8 => new PrimitiveBuilder<byte>(field),
        ArrowKind.UInt16 => new PrimitiveBuilder<ushort>(field),
        ArrowKind.UInt32 => new PrimitiveBuilder<uint>(field),
        ArrowKind.UInt64 => new PrimitiveBuilder<ulong>(field),
        ArrowKind.Float16 => new PrimitiveBuilder<Half>(field),
        ArrowKind.Float32 => new PrimitiveBuilder<float>(field),
        ArrowKind.Float64 => new PrimitiveBuilder<double>(field),
        ArrowKind.Utf8 => new Utf8Builder(field),
        ArrowKind.Binary => new BinaryBuilder(field),
        ArrowKind.FixedSizeBinary => new FixedSizeBinaryBuilder(field),
        ArrowKind.FixedSizeList => new FixedSizeListBuilder(field),
        ArrowKind.List => new ListBuilder(field),
        ArrowKind.Struct => new StructBuilder(field),
        _ => throw new NotSupportedException($"Field '{field.Name}' of type {field.Type} can be read but not built; use the plain type instead."),
    };

    /// <summary>Appends a row without a value.</summary>
    public void AppendNull()
    {
        if (!Field.Nullable)
            throw new InvalidOperationException($"Column '{Field.Name}' does not allow nulls.");
        AppendPlaceholder();
        _validity.Append(false);
        _nulls++;
        Length++;
    }

    /// <summary>The rows so far as a column; the builder is empty afterwards.</summary>
    public Column Build()
    {
        var validity = _validity.Take();
        var column = Build(Length, _nulls, _nulls == 0 ? default : validity);
        Length = 0;
        _nulls = 0;
        return column;
    }

    private protected abstract void AppendPlaceholder();

    private protected abstract Column Build(int length, int nulls, ReadOnlyMemory<byte> validity);

    private protected void Appended(int rows = 1)
    {
        _validity.Append(true, rows);
        Length = checked(Length + rows);
    }

    /// <summary>Adds rows that a null parent needs, whatever the field says about nulls.</summary>
    internal void Fill(int rows)
    {
        for (var i = 0; i < rows; i++)
            AppendPlaceholder();
        if (Field.Nullable)
        {
            _validity.Append(false, rows);
            _nulls += rows;
        }
        else
        {
            _validity.Append(true, rows);
        }

        Length += rows;
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

    private protected override Column Build(int length, int nulls, ReadOnlyMemory<byte> validity) => new NullColumn(Field, length);
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

    private protected override Column Build(int length, int nulls, ReadOnlyMemory<byte> validity) => new BoolColumn(Field, length, nulls, validity, _values.Take());
}
