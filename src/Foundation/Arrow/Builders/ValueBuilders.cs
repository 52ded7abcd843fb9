using System.Runtime.InteropServices;
using System.Text;

namespace EventMl.Arrow;

/// <summary>Builds a column of numbers, dates (days) or timestamps (in the field's unit).</summary>
public sealed class PrimitiveBuilder<T> : ColumnBuilder
    where T : unmanaged
{
    private readonly ByteBuffer _values = new();

    internal PrimitiveBuilder(ArrowField field)
        : base(field)
    {
    }

    /// <summary>Appends a row.</summary>
    public void Append(T value)
    {
        _values.Append(value);
        Appended();
    }

    /// <summary>Appends many rows at once.</summary>
    public void Append(ReadOnlySpan<T> values)
    {
        var bytes = MemoryMarshal.AsBytes(values);
        bytes.CopyTo(_values.Extend(bytes.Length));
        Appended(values.Length);
    }

    private protected override void AppendPlaceholder() => _values.Append(default(T));

    private protected override Column Build(int length, int nulls, ReadOnlyMemory<byte> validity) =>
        new PrimitiveColumn(Field, length, nulls, validity, _values.Take());
}

/// <summary>Builds a column of byte strings.</summary>
public class BinaryBuilder : ColumnBuilder
{
    private readonly ByteBuffer _offsets = new();
    private readonly ByteBuffer _data = new();

    internal BinaryBuilder(ArrowField field)
        : base(field) => _offsets.Append(0);

    /// <summary>Appends a row.</summary>
    public void Append(ReadOnlySpan<byte> value)
    {
        value.CopyTo(_data.Extend(value.Length));
        _offsets.Append(_data.Length);
        Appended();
    }

    /// <summary>Appends many rows of <paramref name="rowSize"/> bytes each, which lie behind one another in <paramref name="data"/>.</summary>
    /// <exception cref="ArgumentException">The data are not a whole number of rows.</exception>
    public void AppendRows(ReadOnlySpan<byte> data, int rowSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rowSize);
        if (data.Length % rowSize != 0)
            throw new ArgumentException($"{data.Length} bytes are not a whole number of rows of {rowSize}.", nameof(data));
        var start = _data.Length;
        data.CopyTo(_data.Extend(data.Length));
        for (var end = start + rowSize; end <= _data.Length; end += rowSize)
            _offsets.Append(end);
        Appended(data.Length / rowSize);
    }

    private protected Span<byte> Extend(int bytes)
    {
        var span = _data.Extend(bytes);
        _offsets.Append(_data.Length);
        Appended();
        return span;
    }

    private protected override void AppendPlaceholder() => _offsets.Append(_data.Length);

    private protected override Column Build(int length, int nulls, ReadOnlyMemory<byte> validity)
    {
        var layout = new Offsets32Layout(_offsets.Take(), _data.Take());
        _offsets.Append(0);
        return Make(length, nulls, validity, layout);
    }

    internal virtual BinaryColumn Make(int length, int nulls, ReadOnlyMemory<byte> validity, BinaryLayout layout) => new(Field, length, nulls, validity, layout);
}

/// <summary>Builds a column of text.</summary>
public sealed class Utf8Builder : BinaryBuilder
{
    internal Utf8Builder(ArrowField field)
        : base(field)
    {
    }

    /// <summary>Appends a row; null appends a null.</summary>
    public void Append(string? value)
    {
        if (value is null)
            AppendNull();
        else
            Encoding.UTF8.GetBytes(value, Extend(Encoding.UTF8.GetByteCount(value)));
    }

    internal override BinaryColumn Make(int length, int nulls, ReadOnlyMemory<byte> validity, BinaryLayout layout) =>
        new Utf8Column(Field, length, nulls, validity, layout);
}

/// <summary>Builds a column of byte strings of one length.</summary>
public sealed class FixedSizeBinaryBuilder : ColumnBuilder
{
    private readonly ByteBuffer _data = new();

    internal FixedSizeBinaryBuilder(ArrowField field)
        : base(field)
    {
    }

    /// <summary>Appends one or many rows that lie behind one another.</summary>
    /// <exception cref="ArgumentException">The data are not a whole number of rows.</exception>
    public void Append(ReadOnlySpan<byte> data)
    {
        var width = Field.Type.Size;
        if (width == 0 || data.Length == 0 || data.Length % width != 0)
            throw new ArgumentException($"Column '{Field.Name}' takes rows of {width} bytes; {data.Length} bytes were given.", nameof(data));
        data.CopyTo(_data.Extend(data.Length));
        Appended(data.Length / width);
    }

    private protected override void AppendPlaceholder() => _data.Extend(Field.Type.Size).Clear();

    private protected override Column Build(int length, int nulls, ReadOnlyMemory<byte> validity) =>
        new FixedSizeBinaryColumn(Field, length, nulls, validity, _data.Take());
}
