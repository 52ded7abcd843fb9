using System.Text;
using EventMl.Arrow.Types;

namespace EventMl.Arrow;

/// <summary>Builds a column of byte strings of any length (binary, large binary, binary view).</summary>
public class BinaryBuilder : ColumnBuilder
{
    private readonly ByteRowsBuilder _rows;

    internal BinaryBuilder(ArrowField field, ByteRows rowsBy)
        : base(field) => _rows = rowsBy switch
        {
            ByteRows.Offsets32 => new OffsetRowsBuilder<int>(),
            ByteRows.Offsets64 => new OffsetRowsBuilder<long>(),
            _ => new ViewRowsBuilder(),
        };

    /// <summary>Appends a row.</summary>
    public void Append(ReadOnlySpan<byte> value)
    {
        value.CopyTo(_rows.Extend(value.Length));
        _rows.EndRow();
        Appended();
    }

    /// <summary>Appends many rows of <paramref name="rowSize"/> bytes each, which lie behind one another in <paramref name="data"/>.</summary>
    /// <exception cref="ArgumentException">The data are not a whole number of rows.</exception>
    public void AppendRows(ReadOnlySpan<byte> data, int rowSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rowSize);
        if (data.Length % rowSize != 0)
            throw new ArgumentException($"{data.Length} bytes are not a whole number of rows of {rowSize}.", nameof(data));
        for (; !data.IsEmpty; data = data[rowSize..])
            Append(data[..rowSize]);
    }

    internal override void AppendRaw(ReadOnlySpan<byte> value) => Append(value);

    private protected void AppendText(string value)
    {
        // One look at the text where its longest encoding fits, which it nearly always does.
        var span = _rows.Extend(Encoding.UTF8.GetMaxByteCount(value.Length));
        _rows.GiveBack(span.Length - Encoding.UTF8.GetBytes(value, span));
        _rows.EndRow();
        Appended();
    }

    private protected override void AppendPlaceholder() => _rows.EndRow();

    private protected override Column Build(Rows rows) => Make(rows, _rows.Build());

    internal virtual BinaryColumn Make(Rows rows, BinaryLayout layout) => new(Field, rows, layout);
}

/// <summary>Builds a column of text (string, large string, string view).</summary>
public sealed class Utf8Builder : BinaryBuilder
{
    internal Utf8Builder(ArrowField field, ByteRows rowsBy)
        : base(field, rowsBy)
    {
    }

    /// <summary>Appends a row; null appends a null.</summary>
    public void Append(string? value)
    {
        if (value is null)
            AppendNull();
        else
            AppendText(value);
    }

    internal override BinaryColumn Make(Rows rows, BinaryLayout layout) => new Utf8Column(Field, rows, layout);
}
