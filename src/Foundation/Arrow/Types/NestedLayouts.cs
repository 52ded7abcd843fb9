using System.Runtime.InteropServices;
using EventMl.Arrow.Format;

namespace EventMl.Arrow.Types;

internal sealed class StructLayout() : TypeLayout(ArrowKind.Struct, 13, "struct", buffers: 1)
{
    public override bool TakesParameters => true;

    public override string Name(ArrowType type) => $"struct<{string.Join(", ", type.Children.Select(c => $"{c.Name}: {c.Type}"))}>";

    public override Column Load(ColumnLoader loader, ArrowField field)
    {
        var rows = loader.NextRows(field);
        return new StructColumn(field, rows, loader.LoadChildren(field, rows.Length));
    }

    public override ColumnBuilder NewBuilder(ArrowField field) => new StructBuilder(field);

    protected override ArrowType ReadType(TypeReader reader) => ArrowType.Struct(reader.Children);
}

internal sealed class UnionLayout(ArrowKind kind, string name, bool isDense)
    : TypeLayout(kind, 14, name, isDense ? 2 : 1, new Constant(0, 2, isDense ? 1 : 0))
{
    private const int UnknownChild = -1;

    public override bool TakesParameters => true;

    public override string Name(ArrowType type) => $"{base.Name(type)}<{string.Join(", ", type.Children.Select((c, i) => $"{type.TypeIds[i]}={c.Name}: {c.Type}"))}>";

    public override Column Load(ColumnLoader loader, ArrowField field)
    {
        var (length, _) = loader.NextNode();
        // Version 4 still gave unions a validity buffer.
        if (loader.HasUnionValidity && !loader.NextBuffer(null, field).Span.IsEmpty)
            throw loader.Bad($"column '{field.Name}' is a union with nulls of its own, as metadata version 4 had; write it with version 5");
        var types = loader.NextBuffer(length, field);
        var offsets = isDense ? loader.NextBuffer((long)length * sizeof(int), field) : default;
        var children = isDense ? [.. field.Type.Children.Select(loader.Load)] : loader.LoadChildren(field, length);
        var column = new UnionColumn(field, length, types, offsets, children, PositionById(field.Type));
        Check(loader, column, types.Span, MemoryMarshal.Cast<byte, int>(offsets.Span));
        return column;
    }

    public override ColumnBuilder NewBuilder(ArrowField field) => new UnionBuilder(field, isDense);

    internal static int[] PositionById(ArrowType type)
    {
        var positions = new int[256];
        Array.Fill(positions, UnknownChild);
        for (var i = 0; i < type.TypeIds.Count; i++)
            positions[type.TypeIds[i]] = i;
        return positions;
    }

    protected override ArrowType ReadType(TypeReader reader)
    {
        var count = reader.Table.Count(1, sizeof(int));
        int[]? ids = null;
        if (reader.Table.Has(1))
        {
            ids = new int[count];
            for (var i = 0; i < count; i++)
                ids[i] = reader.Table.Int32Item(1, i);
        }

        try
        {
            return ArrowType.Union(reader.Children, isDense, ids);
        }
        catch (ArgumentException e)
        {
            throw reader.Bad($"is an impossible union: {e.Message}");
        }
    }

    protected override int Prepare(FlatBufferWriter writer, ArrowType type) => writer.Int32Vector(type.TypeIds);

    protected override void WriteParameters(FlatBufferWriter writer, ArrowType type, int reference) => writer.Reference(1, reference);

    private static void Check(ColumnLoader loader, UnionColumn column, ReadOnlySpan<byte> types, ReadOnlySpan<int> offsets)
    {
        var positions = PositionById(column.Field.Type);
        for (var row = 0; row < types.Length; row++)
        {
            var child = positions[types[row]];
            if (child == UnknownChild)
                throw loader.Bad($"row {row} of column '{column.Field.Name}' has the type code {types[row]}, which the union does not have");
            if (!offsets.IsEmpty && (uint)offsets[row] >= (uint)column.Children[child].Length)
                throw loader.Bad($"row {row} of column '{column.Field.Name}' means value {offsets[row]} of a child of {column.Children[child].Length}");
        }
    }
}

internal sealed class RunEndLayout() : TypeLayout(ArrowKind.RunEndEncoded, 22, "run_end_encoded", buffers: 0)
{
    public override bool TakesParameters => true;

    public override string Name(ArrowType type) => $"run_end_encoded<{type.Children[0].Type}, {type.Children[1].Type}>";

    public override Column Load(ColumnLoader loader, ArrowField field)
    {
        var (length, _) = loader.NextNode();
        var ends = (PrimitiveColumn)loader.Load(field.Type.Children[0]);
        var values = loader.Load(field.Type.Children[1]);
        if (ends.NullCount != 0 || values.Length < ends.Length)
            throw loader.Bad($"column '{field.Name}' has {ends.Length} runs ({ends.NullCount} of them null) and {values.Length} values");
        var last = 0L;
        for (var i = 0; i < ends.Length; i++)
        {
            var end = ends.GetInteger(i);
            if (end <= last)
                throw loader.Bad($"run {i} of column '{field.Name}' ends at {end}, the one before it at {last}");
            last = end;
        }

        return last >= length
            ? new RunEndColumn(field, length, ends, values)
            : throw loader.Bad($"column '{field.Name}' has {length} rows; its runs end at {last}");
    }

    public override ColumnBuilder NewBuilder(ArrowField field) => new RunEndBuilder(field);

    protected override ArrowType ReadType(TypeReader reader) => reader.ChildrenOf(2) is [{ Type.Kind: ArrowKind.Int16 or ArrowKind.Int32 or ArrowKind.Int64 } ends, var values]
        ? ArrowType.RunEndEncoded(ends, values)
        : throw reader.Bad("is run-end encoded, but its run ends are no signed integers of 16, 32 or 64 bits");
}

internal sealed class DictionaryLayout() : TypeLayout(ArrowKind.Dictionary, 0, "dictionary", buffers: 2)
{
    public override bool TakesParameters => true;

    public override string Name(ArrowType type) => $"dictionary<{type.Children[0].Type}, {type.Children[1].Type}>";

    public override int ByteWidth(ArrowType type) => 0;

    public override Column Load(ColumnLoader loader, ArrowField field)
    {
        var rows = loader.NextRows(field);
        var index = field.Type.Children[0];
        var indices = new PrimitiveColumn(index, rows, loader.NextBuffer((long)rows.Length * index.Type.ByteWidth, field));
        var values = loader.Dictionary(field);
        var column = new DictionaryColumn(field, indices, values);
        if (column.FindOutside(values.All.Length) is var row and >= 0)
            throw loader.Bad($"row {row} of column '{field.Name}' means entry {indices.GetInteger(row)} of a dictionary of {values.All.Length}");
        return column;
    }

    public override ColumnBuilder NewBuilder(ArrowField field) => new DictionaryBuilder(field);
}
