using System.Text;

namespace EventMl.Arrow;

/// <summary>A column whose rows are byte strings: binary of any width, and text before decoding.</summary>
public abstract class BytesColumn : Column
{
    private protected BytesColumn(ArrowField field, Rows rows)
        : base(field, rows)
    {
    }

    /// <summary>The bytes of a row without copying; meaningless where the row is null.</summary>
    public abstract ReadOnlySpan<byte> GetSpan(int index);
}

/// <summary>A column of byte strings of one length.</summary>
public sealed class FixedSizeBinaryColumn : BytesColumn
{
    private readonly ReadOnlyMemory<byte> _values;

    internal FixedSizeBinaryColumn(ArrowField field, Rows rows, ReadOnlyMemory<byte> values)
        : base(field, rows) => _values = values;

    /// <summary>Bytes per row.</summary>
    public int ByteWidth => Field.Type.Size;

    /// <summary>All rows behind one another, <c>Length × ByteWidth</c> bytes.</summary>
    public ReadOnlySpan<byte> Data => _values.Span;

    /// <inheritdoc />
    public override ReadOnlySpan<byte> GetSpan(int index)
    {
        CheckRow(index);
        return _values.Span.Slice(index * ByteWidth, ByteWidth);
    }

    internal override void Flatten(BodyLayout body)
    {
        base.Flatten(body);
        body.Buffer(_values);
    }

    private protected override Column JoinAll(IReadOnlyList<Column> parts) =>
        new FixedSizeBinaryColumn(Field, Rows.Join(parts), ArrowMath.Join([.. parts.Select(p => ((FixedSizeBinaryColumn)p)._values)]));
}

/// <summary>A column of byte strings of any length (binary, large binary or binary view).</summary>
public class BinaryColumn : BytesColumn
{
    internal BinaryColumn(ArrowField field, Rows rows, BinaryLayout layout)
        : base(field, rows) => Layout = layout;

    private protected BinaryLayout Layout { get; }

    /// <inheritdoc />
    public override ReadOnlySpan<byte> GetSpan(int index) => IsNull(index) ? default : Layout.Get(index);

    /// <summary>The whole column as Arrow keeps it, for loops over many rows: row i is <c>data[offsets[i]..offsets[i + 1]]</c>.</summary>
    /// <returns>False where the column has 64-bit offsets or views; use <see cref="GetSpan"/> there.</returns>
    public bool TryGetOffsets(out ReadOnlySpan<int> offsets, out ReadOnlySpan<byte> data)
    {
        if (Layout is OffsetLayout<int> layout)
        {
            offsets = layout.Offsets;
            data = layout.Data;
            return true;
        }

        offsets = default;
        data = default;
        return false;
    }

    internal override void Flatten(BodyLayout body)
    {
        base.Flatten(body);
        Layout.Flatten(body);
    }

    private protected override Column JoinAll(IReadOnlyList<Column> parts) => new BinaryColumn(Field, Rows.Join(parts), JoinLayouts(parts));

    private protected static BinaryLayout JoinLayouts(IReadOnlyList<Column> parts)
    {
        BinaryLayout[] layouts = [.. parts.Select(p => ((BinaryColumn)p).Layout)];
        return layouts[0].Join(layouts);
    }
}

/// <summary>A column of UTF-8 text (string, large string or string view).</summary>
public sealed class Utf8Column : BinaryColumn
{
    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    internal Utf8Column(ArrowField field, Rows rows, BinaryLayout layout)
        : base(field, rows, layout)
    {
    }

    /// <summary>The text of a row, or null.</summary>
    /// <exception cref="ArrowFormatException">The row is not valid UTF-8.</exception>
    public string? GetString(int index)
    {
        if (IsNull(index))
            return null;
        try
        {
            return s_strict.GetString(Layout.Get(index));
        }
        catch (DecoderFallbackException e)
        {
            throw new ArrowFormatException($"Row {index} of column '{Field.Name}' is not valid UTF-8.", e);
        }
    }

    private protected override Column JoinAll(IReadOnlyList<Column> parts) => new Utf8Column(Field, Rows.Join(parts), JoinLayouts(parts));
}
