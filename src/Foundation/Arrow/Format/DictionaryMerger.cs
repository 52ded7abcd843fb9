namespace EventMl.Arrow.Format;

/// <summary>Adds the values of other dictionaries to one of text, bytes or plain values, and translates their indices.</summary>
internal sealed class DictionaryMerger
{
    private readonly ArrowField _field;
    private readonly ValueIndex _index = new();
    private readonly List<int> _positions = [];
    private int _null = -1;
    private int _count;

    public DictionaryMerger(ArrowField field, Column values)
    {
        _field = field;
        _ = Translate(values, builder: null);
    }

    /// <summary>Appends what is new to <paramref name="parts"/>; returns the column's indices into all of them.</summary>
    public PrimitiveColumn Merge(DictionaryColumn column, List<Column> parts)
    {
        var added = ColumnBuilder.For(_field.Type.Children[1]);
        var translation = Translate(column.Dictionary, added);
        if (added.Length > 0)
            parts.Add(added.Build());
        var index = column.Indices.Field;
        var indices = new IndexBuffer(index.Type.Kind, _field.Name);
        for (var row = 0; row < column.Length; row++)
            indices.Append(column.Indices.IsNull(row) ? 0 : translation[column.GetIndex(row)]);
        return new PrimitiveColumn(index, new Rows(column.Length, column.Indices.NullCount, column.Indices.ValidityBuffer), indices.Take());
    }

    private int[] Translate(Column values, ColumnBuilder? builder)
    {
        var positions = new int[values.Length];
        for (var row = 0; row < positions.Length; row++)
        {
            if (values.IsNull(row))
            {
                if (_null < 0)
                {
                    _null = _count++;
                    builder?.AppendNull();
                }
                else if (builder is null)
                {
                    _count++;
                }

                positions[row] = _null;
                continue;
            }

            var bytes = Bytes(values, row);
            var entry = _index.Add(bytes, out var isNew);
            if (isNew)
            {
                _positions.Add(_count++);
                builder?.AppendRaw(bytes);
            }
            else if (builder is null)
            {
                // The first dictionary may hold a value twice; its places stay as they are.
                _count++;
            }

            positions[row] = _positions[entry];
        }

        return positions;
    }

    private ReadOnlySpan<byte> Bytes(Column values, int row)
    {
        switch (values)
        {
            case BytesColumn bytes:
                return bytes.GetSpan(row);
            case PrimitiveColumn plain:
                var width = plain.Field.Type.ByteWidth;
                return plain.Bytes.Slice(row * width, width);
            default:
                throw new NotSupportedException($"Column '{_field.Name}' has another dictionary than the batch before, and values of {values.Field.Type} cannot be merged; write a stream or build all batches with one builder.");
        }
    }
}
