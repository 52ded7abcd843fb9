using EventMl.Arrow;

namespace EventMl.Lake.Data;

/// <summary>Copies rows of columns into new ones, for batches of which only some rows are wanted.</summary>
internal static class RowCopier
{
    /// <summary>A builder for copies of a field's rows.</summary>
    /// <exception cref="LakeException">The type can only be read.</exception>
    public static ColumnBuilder BuilderFor(ArrowField field)
    {
        try
        {
            return ColumnBuilder.For(field);
        }
        catch (NotSupportedException e)
        {
            throw new LakeException($"Column '{field.Name}' is {field.Type}, of which single rows cannot be copied, so none can be left out or filled in; write it as its plain type.", e);
        }
    }

    public static Column Take(Column source, ArrowField field, IEnumerable<(int Start, int Count)> runs)
    {
        var builder = BuilderFor(field);
        foreach (var (start, count) in runs)
            Append(builder, source, start, count);
        return builder.Build();
    }

    /// <summary>A column of nulls.</summary>
    public static Column Nulls(ArrowField field, int length)
    {
        var builder = BuilderFor(field.Nullable ? field : new ArrowField(field.Name, field.Type, nullable: true, field.Metadata));
        for (var i = 0; i < length; i++)
            builder.AppendNull();
        return builder.Build();
    }

    public static void Append(ColumnBuilder target, Column source, int start, int count)
    {
        if (source.NullCount == 0 && AppendPlain(target, source, start, count))
            return;
        for (var row = start; row < start + count; row++)
            Append(target, source, row);
    }

    private static bool AppendPlain(ColumnBuilder target, Column source, int start, int count) => target switch
    {
        PrimitiveBuilder<sbyte> b => Many(b, source, start, count),
        PrimitiveBuilder<short> b => Many(b, source, start, count),
        PrimitiveBuilder<int> b => Many(b, source, start, count),
        PrimitiveBuilder<long> b => Many(b, source, start, count),
        PrimitiveBuilder<byte> b => Many(b, source, start, count),
        PrimitiveBuilder<ushort> b => Many(b, source, start, count),
        PrimitiveBuilder<uint> b => Many(b, source, start, count),
        PrimitiveBuilder<ulong> b => Many(b, source, start, count),
        PrimitiveBuilder<Half> b => Many(b, source, start, count),
        PrimitiveBuilder<float> b => Many(b, source, start, count),
        PrimitiveBuilder<double> b => Many(b, source, start, count),
        _ => false,
    };

    private static bool Many<T>(PrimitiveBuilder<T> target, Column source, int start, int count)
        where T : unmanaged
    {
        target.Append(source.Values<T>().Slice(start, count));
        return true;
    }

    private static void Append(ColumnBuilder target, Column source, int row)
    {
        if (source.IsNull(row))
        {
            target.AppendNull();
            return;
        }

        switch (target, source)
        {
            case (BoolBuilder b, BoolColumn c):
                b.Append(c.GetValue(row));
                break;
            case (BinaryBuilder b, BytesColumn c):
                b.Append(c.GetSpan(row));
                break;
            case (FixedSizeBinaryBuilder b, FixedSizeBinaryColumn c):
                b.Append(c.GetSpan(row));
                break;
            case (FixedSizeListBuilder b, FixedSizeListColumn c):
                Append(b.Items, c.Items, row * c.ListSize, c.ListSize);
                b.Append();
                break;
            case (ListBuilder b, ListColumn c):
                var (start, count) = c.GetRange(row).GetOffsetAndLength(c.Items.Length);
                Append(b.Items, c.Items, start, count);
                b.Append();
                break;
            case (StructBuilder b, StructColumn c):
                for (var i = 0; i < b.Fields.Count; i++)
                    Append(b.Fields[i], c.Children[i], row, 1);
                b.Append();
                break;
            default:
                if (!AppendPlain(target, source, row, 1))
                    throw new LakeException($"Column '{source.Field.Name}' is {source.Field.Type}, of which single rows cannot be copied, so none can be left out or filled in; write it as its plain type.");
                break;
        }
    }
}
