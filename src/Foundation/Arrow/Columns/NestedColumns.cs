using System.Runtime.InteropServices;

namespace EventMl.Arrow;

/// <summary>Rows of the same number of items: vectors and images.</summary>
public sealed class FixedSizeListColumn : Column
{
    internal FixedSizeListColumn(ArrowField field, int length, int nullCount, ReadOnlyMemory<byte> validity, Column items)
        : base(field, length, nullCount, validity) => Items = items;

    /// <summary>Items per row.</summary>
    public int ListSize => Field.Type.Size;

    /// <summary>The items of all rows, <c>Length × ListSize</c> of them.</summary>
    public Column Items { get; }

    /// <inheritdoc />
    public override ReadOnlySpan<T> Values<T>() => Items.Values<T>();

    /// <summary>The items of one row without copying.</summary>
    public ReadOnlySpan<T> GetRow<T>(int index)
        where T : unmanaged
    {
        CheckRow(index);
        return Items.Values<T>().Slice(index * ListSize, ListSize);
    }

    internal override void Flatten(BodyLayout body)
    {
        base.Flatten(body);
        body.Buffer(ValidityBuffer);
        Items.Flatten(body);
    }
}

/// <summary>Rows of any number of items (list or large list).</summary>
public sealed class ListColumn : Column
{
    private readonly ReadOnlyMemory<byte> _offsets;

    internal ListColumn(ArrowField field, int length, int nullCount, ReadOnlyMemory<byte> validity, ReadOnlyMemory<byte> offsets, Column items)
        : base(field, length, nullCount, validity)
    {
        _offsets = offsets;
        Items = items;
    }

    /// <summary>The items of all rows.</summary>
    public Column Items { get; }

    /// <summary>Which of <see cref="Items"/> belong to a row.</summary>
    public Range GetRange(int index)
    {
        CheckRow(index);
        if (Field.Type.Kind == ArrowKind.List)
        {
            var pair = MemoryMarshal.Cast<byte, int>(_offsets.Span).Slice(index, 2);
            return pair[0]..pair[1];
        }

        var wide = MemoryMarshal.Cast<byte, long>(_offsets.Span).Slice(index, 2);
        return (int)wide[0]..(int)wide[1];
    }

    internal override void Flatten(BodyLayout body)
    {
        base.Flatten(body);
        body.Buffer(ValidityBuffer);
        body.Buffer(_offsets);
        Items.Flatten(body);
    }
}

/// <summary>Rows of named values.</summary>
public sealed class StructColumn : Column
{
    internal StructColumn(ArrowField field, int length, int nullCount, ReadOnlyMemory<byte> validity, IReadOnlyList<Column> children)
        : base(field, length, nullCount, validity) => Children = children;

    /// <summary>One column for each field of the struct, each as long as the struct.</summary>
    public IReadOnlyList<Column> Children { get; }

    internal override void Flatten(BodyLayout body)
    {
        base.Flatten(body);
        body.Buffer(ValidityBuffer);
        foreach (var child in Children)
            child.Flatten(body);
    }
}

/// <summary>Rows that point into a column of shared values.</summary>
public sealed class DictionaryColumn : Column
{
    private readonly PrimitiveColumn _indices;

    internal DictionaryColumn(ArrowField field, PrimitiveColumn indices, Column dictionary)
        : base(field, indices.Length, indices.NullCount, indices.ValidityBuffer)
    {
        _indices = indices;
        Dictionary = dictionary;
    }

    /// <summary>The shared values.</summary>
    public Column Dictionary { get; }

    /// <summary>Which row of <see cref="Dictionary"/> a row means; arbitrary where the row is null.</summary>
    public int GetIndex(int index)
    {
        CheckRow(index);
        return (int)IndexAt(_indices, index);
    }

    /// <summary>The text of a row of a dictionary of strings, or null.</summary>
    /// <exception cref="InvalidOperationException">The dictionary holds no text.</exception>
    public string? GetString(int index)
    {
        if (Dictionary is not Utf8Column text)
            throw new InvalidOperationException($"Column '{Field.Name}' is {Field.Type}; its values are not text.");
        return IsNull(index) ? null : text.GetString(GetIndex(index));
    }

    internal static long IndexAt(PrimitiveColumn indices, int row) => indices.Field.Type.Kind switch
    {
        ArrowKind.Int8 => indices.Values<sbyte>()[row],
        ArrowKind.UInt8 => indices.Values<byte>()[row],
        ArrowKind.Int16 => indices.Values<short>()[row],
        ArrowKind.UInt16 => indices.Values<ushort>()[row],
        ArrowKind.Int32 => indices.Values<int>()[row],
        ArrowKind.UInt32 => indices.Values<uint>()[row],
        ArrowKind.Int64 => indices.Values<long>()[row],
        _ => (long)Math.Min(indices.Values<ulong>()[row], long.MaxValue),
    };

    internal override void Flatten(BodyLayout body) =>
        throw new NotSupportedException($"Field '{Field.Name}' of type {Field.Type} can be read but not written; convert it first.");
}
