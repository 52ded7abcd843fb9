using EventMl.Arrow;

namespace EventMl.Data.Transforms;

/// <summary>The non-zero numbers of a long vector: positions ascending, and their values.</summary>
public sealed record SparseVector(int[] Indices, double[] Values)
{
    internal static ArrowType Type { get; } = ArrowType.Struct(
        new ArrowField("indices", ArrowType.List(ArrowType.Of(ArrowKind.Int32))), new ArrowField("values", ArrowType.List(ArrowType.Of(ArrowKind.Float64))));

    internal static SparseVector Read(StructColumn column, int row)
    {
        var (indices, values) = ((ListColumn)column.Children[0], (ListColumn)column.Children[1]);
        return new SparseVector(indices.Items.Values<int>()[indices.GetRange(row)].ToArray(), values.Items.Values<double>()[values.GetRange(row)].ToArray());
    }

    internal void AppendTo(StructBuilder column)
    {
        var (indices, values) = ((ListBuilder)column.Fields[0], (ListBuilder)column.Fields[1]);
        ((PrimitiveBuilder<int>)indices.Items).Append(Indices);
        indices.Append();
        ((PrimitiveBuilder<double>)values.Items).Append(Values);
        values.Append();
        column.Append();
    }
}
