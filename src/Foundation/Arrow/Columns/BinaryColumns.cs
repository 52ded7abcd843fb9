using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace EventMl.Arrow;

/// <summary>A column whose rows are byte strings: binary of any width, and text before decoding.</summary>
public abstract class BytesColumn : Column
{
    private protected BytesColumn(ArrowField field, int length, int nullCount, ReadOnlyMemory<byte> validity)
        : base(field, length, nullCount, validity)
    {
    }

    /// <summary>The bytes of a row without copying; meaningless where the row is null.</summary>
    public abstract ReadOnlySpan<byte> GetSpan(int index);
}

/// <summary>A column of byte strings of one length.</summary>
public sealed class FixedSizeBinaryColumn : BytesColumn
{
    private readonly ReadOnlyMemory<byte> _values;

    internal FixedSizeBinaryColumn(ArrowField field, int length, int nullCount, ReadOnlyMemory<byte> validity, ReadOnlyMemory<byte> values)
        : base(field, length, nullCount, validity) => _values = values;

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
        body.Buffer(ValidityBuffer);
        body.Buffer(_values);
    }
}

/// <summary>A column of byte strings of any length (binary, large binary or binary view).</summary>
public class BinaryColumn : BytesColumn
{
    private readonly BinaryLayout _layout;

    internal BinaryColumn(ArrowField field, int length, int nullCount, ReadOnlyMemory<byte> validity, BinaryLayout layout)
        : base(field, length, nullCount, validity) => _layout = layout;

    /// <inheritdoc />
    public override ReadOnlySpan<byte> GetSpan(int index) => IsNull(index) ? default : _layout.Get(index);

    internal override void Flatten(BodyLayout body)
    {
        base.Flatten(body);
        body.Buffer(ValidityBuffer);
        _layout.Flatten(body, Field);
    }
}

/// <summary>A column of UTF-8 text (string, large string or string view).</summary>
public sealed class Utf8Column : BinaryColumn
{
    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    internal Utf8Column(ArrowField field, int length, int nullCount, ReadOnlyMemory<byte> validity, BinaryLayout layout)
        : base(field, length, nullCount, validity, layout)
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
            return s_strict.GetString(GetSpan(index));
        }
        catch (DecoderFallbackException e)
        {
            throw new ArrowFormatException($"Row {index} of column '{Field.Name}' is not valid UTF-8.", e);
        }
    }
}

/// <summary>Where the bytes of a row are.</summary>
internal abstract class BinaryLayout
{
    public abstract ReadOnlySpan<byte> Get(int index);

    public abstract void Flatten(BodyLayout body, ArrowField field);
}

internal sealed class Offsets32Layout(ReadOnlyMemory<byte> offsets, ReadOnlyMemory<byte> data) : BinaryLayout
{
    public override ReadOnlySpan<byte> Get(int index)
    {
        var pair = MemoryMarshal.Cast<byte, int>(offsets.Span).Slice(index, 2);
        return data.Span[pair[0]..pair[1]];
    }

    public override void Flatten(BodyLayout body, ArrowField field)
    {
        body.Buffer(offsets);
        body.Buffer(data);
    }
}

internal sealed class Offsets64Layout(ReadOnlyMemory<byte> offsets, ReadOnlyMemory<byte> data) : BinaryLayout
{
    public override ReadOnlySpan<byte> Get(int index)
    {
        var pair = MemoryMarshal.Cast<byte, long>(offsets.Span).Slice(index, 2);
        return data.Span[(int)pair[0]..(int)pair[1]];
    }

    public override void Flatten(BodyLayout body, ArrowField field)
    {
        body.Buffer(offsets);
        body.Buffer(data);
    }
}

/// <summary>16-byte views: up to 12 bytes inside the view, longer ones in one of several buffers.</summary>
internal sealed class ViewLayout(ReadOnlyMemory<byte> views, ReadOnlyMemory<byte>[] data) : BinaryLayout
{
    public const int ViewSize = 16;
    public const int InlineLimit = 12;

    public override ReadOnlySpan<byte> Get(int index)
    {
        var view = views.Span.Slice(index * ViewSize, ViewSize);
        var length = BinaryPrimitives.ReadInt32LittleEndian(view);
        return length <= InlineLimit
            ? view.Slice(4, length)
            : data[BinaryPrimitives.ReadInt32LittleEndian(view[8..])].Span.Slice(BinaryPrimitives.ReadInt32LittleEndian(view[12..]), length);
    }

    public override void Flatten(BodyLayout body, ArrowField field) =>
        throw new NotSupportedException($"Field '{field.Name}' of type {field.Type} can be read but not written; convert it first.");
}
