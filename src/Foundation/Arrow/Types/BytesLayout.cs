using System.Buffers.Binary;
using EventMl.Arrow.Format;

namespace EventMl.Arrow.Types;

/// <summary>How rows of bytes find their bytes.</summary>
internal enum ByteRows
{
    Offsets32,
    Offsets64,
    Views,
}

/// <summary>Text and byte strings of any length.</summary>
internal sealed class BytesLayout(ArrowKind kind, byte code, string name, ByteRows rowsBy) : TypeLayout(kind, code, name, rowsBy == ByteRows.Views ? 2 : 3)
{
    public override bool HasVariadicBuffers => rowsBy == ByteRows.Views;

    private bool IsText => Kind is ArrowKind.Utf8 or ArrowKind.LargeUtf8 or ArrowKind.Utf8View;

    public override Column Load(ColumnLoader loader, ArrowField field)
    {
        var rows = loader.NextRows(field);
        BinaryLayout layout = rowsBy switch
        {
            ByteRows.Offsets32 => LoadOffsets<int>(loader, field, rows.Length),
            ByteRows.Offsets64 => LoadOffsets<long>(loader, field, rows.Length),
            _ => LoadViews(loader, field, rows),
        };
        return IsText ? new Utf8Column(field, rows, layout) : new BinaryColumn(field, rows, layout);
    }

    public override ColumnBuilder NewBuilder(ArrowField field) => IsText ? new Utf8Builder(field, rowsBy) : new BinaryBuilder(field, rowsBy);

    private static OffsetLayout<T> LoadOffsets<T>(ColumnLoader loader, ArrowField field, int length)
        where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        var (offsets, last) = loader.NextOffsets<T>(field, length);
        return new OffsetLayout<T>(offsets, loader.NextBuffer(last, field));
    }

    private static ViewLayout LoadViews(ColumnLoader loader, ArrowField field, Rows rows)
    {
        var views = loader.NextBuffer((long)rows.Length * ViewLayout.ViewSize, field);
        var data = new ReadOnlyMemory<byte>[loader.NextVariadic()];
        for (var i = 0; i < data.Length; i++)
            data[i] = loader.NextBuffer(null, field);
        var bytes = views.Span;
        for (var row = 0; row < rows.Length; row++)
        {
            if (rows.IsNull(row))
                continue;
            var view = bytes.Slice(row * ViewLayout.ViewSize, ViewLayout.ViewSize);
            var size = BinaryPrimitives.ReadInt32LittleEndian(view);
            var buffer = BinaryPrimitives.ReadInt32LittleEndian(view[8..]);
            var offset = BinaryPrimitives.ReadInt32LittleEndian(view[12..]);
            if (size < 0 || (size > ViewLayout.InlineLimit && ((uint)buffer >= (uint)data.Length || offset < 0 || (long)offset + size > data[buffer].Length)))
                throw loader.Bad($"row {row} of column '{field.Name}' refers outside its data buffers");
        }

        return new ViewLayout(views, data);
    }
}
