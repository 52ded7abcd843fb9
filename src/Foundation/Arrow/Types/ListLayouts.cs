using System.Globalization;
using System.Numerics;
using EventMl.Arrow.Format;

namespace EventMl.Arrow.Types;

/// <summary>Lists whose rows are found by offsets, or by offsets and sizes.</summary>
internal sealed class ListLayout<T>(ArrowKind kind, byte code, string name, bool isView) : TypeLayout(kind, code, name, isView ? 3 : 2)
    where T : unmanaged, IBinaryInteger<T>
{
    public override bool TakesParameters => true;

    public override string Name(ArrowType type) => $"{base.Name(type)}<{type.Children[0].Type}>";

    public override Column Load(ColumnLoader loader, ArrowField field)
    {
        var rows = loader.NextRows(field);
        if (isView)
        {
            var offsets = loader.NextBuffer((long)rows.Length * ArrowMath.SizeOf<T>(), field);
            var sizes = loader.NextBuffer((long)rows.Length * ArrowMath.SizeOf<T>(), field);
            var items = loader.Load(field.Type.Children[0]);
            var ranges = new ViewRanges<T>(offsets, sizes);
            for (var row = 0; row < rows.Length; row++)
            {
                if (!rows.IsNull(row) && !ranges.Fits(row, items.Length))
                    throw loader.Bad($"row {row} of column '{field.Name}' refers outside its {items.Length} items");
            }

            return new ListColumn(field, rows, ranges, items);
        }

        return new ListColumn(field, rows, loader.NextRanges<T>(field, rows.Length, out var listed), listed);
    }

    public override ColumnBuilder NewBuilder(ArrowField field) => new ListBuilder(field, isView ? new ViewRangesBuilder<T>() : new OffsetRangesBuilder<T>());

    protected override ArrowType ReadType(TypeReader reader) => ArrowType.List(reader.ChildrenOf(1)[0], Kind);
}

internal sealed class MapLayout() : TypeLayout(ArrowKind.Map, 17, "map", buffers: 2)
{
    public override bool TakesParameters => true;

    public override string Name(ArrowType type) => $"map<{type.Children[0].Type.Children[0].Type}, {type.Children[0].Type.Children[1].Type}>";

    public override Column Load(ColumnLoader loader, ArrowField field)
    {
        var rows = loader.NextRows(field);
        return new MapColumn(field, rows, loader.NextRanges<int>(field, rows.Length, out var entries), (StructColumn)entries);
    }

    public override ColumnBuilder NewBuilder(ArrowField field) => new MapBuilder(field);

    protected override ArrowType ReadType(TypeReader reader) => reader.ChildrenOf(1)[0] is { Type: { Kind: ArrowKind.Struct, Children.Count: 2 } } entries
        ? ArrowType.Map(entries, reader.Table.Int8(0) != 0)
        : throw reader.Bad("is a map whose entries are not a struct of key and value");

    protected override void WriteParameters(FlatBufferWriter writer, ArrowType type, int reference) => writer.Int8(0, type.IsSorted ? (byte)1 : (byte)0);
}

internal sealed class FixedSizeListLayout() : TypeLayout(ArrowKind.FixedSizeList, 16, "fixed_size_list", buffers: 1)
{
    public override bool TakesParameters => true;

    public override string Name(ArrowType type) => string.Create(CultureInfo.InvariantCulture, $"fixed_size_list<{type.Children[0].Type}>[{type.Size}]");

    public override Column Load(ColumnLoader loader, ArrowField field)
    {
        var rows = loader.NextRows(field);
        var items = loader.Load(field.Type.Children[0]);
        return items.Length == (long)rows.Length * field.Type.Size
            ? new FixedSizeListColumn(field, rows, items)
            : throw loader.Bad($"column '{field.Name}' has {rows.Length} rows of {field.Type.Size} items but {items.Length} items");
    }

    public override ColumnBuilder NewBuilder(ArrowField field) => new FixedSizeListBuilder(field);

    protected override ArrowType ReadType(TypeReader reader) => ArrowType.FixedSizeList(reader.ChildrenOf(1)[0], reader.Size(0));

    protected override void WriteParameters(FlatBufferWriter writer, ArrowType type, int reference) => writer.Int32(0, type.Size);
}
