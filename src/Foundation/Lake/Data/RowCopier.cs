using EventMl.Arrow;

namespace EventMl.Lake.Data;

/// <summary>Copies rows of columns of one field, of any type, into a new column.</summary>
internal sealed class RowCopier
{
    private readonly ColumnBuilder _builder;
    private readonly RowCopier[] _children;
    private readonly PlainRows? _plain;
    private readonly DictionaryEntries? _entries;

    public RowCopier(ArrowField field)
        : this(ColumnBuilder.For(field))
    {
    }

    private RowCopier(ColumnBuilder builder)
    {
        _builder = builder;
        _plain = PlainRows.For(builder);
        _children = builder switch
        {
            FixedSizeListBuilder b => [new(b.Items)],
            ListBuilder b => [new(b.Items)],
            MapBuilder b => [new(b.Keys), new(b.MapValues)],
            StructBuilder b => [.. b.Fields.Select(f => new RowCopier(f))],
            UnionBuilder b => [.. b.Fields.Select(f => new RowCopier(f))],
            RunEndBuilder b => [new(b.RunValues)],
            DictionaryBuilder b => [new(b.SharedValues)],
            _ => [],
        };
        if (builder is DictionaryBuilder dictionary)
            _entries = new DictionaryEntries(dictionary, _children[0]);
    }

    public int Length => _builder.Length;

    /// <summary>How the rows' bytes are found where every value has the same number of them.</summary>
    public PlainRows? Plain => _plain;

    /// <exception cref="LakeException">Together with the rows before they do not fit the type.</exception>
    public static Column Take(Column source, ArrowField field, IEnumerable<(int Start, int Count)> runs)
    {
        var copier = new RowCopier(field);
        foreach (var (start, count) in runs)
            copier.Append(source, start, count);
        return copier.Build();
    }

    /// <summary>A column of nulls.</summary>
    public static Column Nulls(ArrowField field, int length)
    {
        var copier = new RowCopier(field.Nullable ? field : new ArrowField(field.Name, field.Type, nullable: true, field.Metadata));
        copier.AppendNulls(length);
        return copier.Build();
    }

    /// <summary>The rows so far; a dictionary goes on in the next column.</summary>
    public Column Build() => _builder.Build();

    public void AppendNulls(int count)
    {
        for (var i = 0; i < count; i++)
            _builder.AppendNull();
    }

    /// <exception cref="LakeException">Together with the rows before they do not fit the type.</exception>
    public void Append(Column source, int start, int count)
    {
        try
        {
            AppendRows(source, start, count);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // For instance a dictionary with indices of 8 bits that gets its 129th value.
            throw new LakeException($"Rows of column '{source.Field.Name}' ({source.Field.Type}) cannot be put together: {e.Message}", e);
        }
    }

    internal void AppendRows(Column source, int start, int count)
    {
        // These have no nulls of their own; whether a row is null is told by what it refers to.
        if (source is UnionColumn or RunEndColumn or DictionaryColumn || (source.NullCount == 0 && source is not NullColumn))
        {
            AppendValid(source, start, count);
            return;
        }

        for (var end = start + count; start < end;)
        {
            var next = start;
            while (next < end && !source.IsNull(next))
                next++;
            AppendValid(source, start, next - start);
            for (start = next; start < end && source.IsNull(start); start++)
                _builder.AppendNull();
        }
    }

    private void AppendValid(Column source, int start, int count)
    {
        if (count == 0)
            return;
        if (_builder is FixedSizeBinaryBuilder packed && ((FixedSizeBinaryColumn)source) is { ByteWidth: > 0 } bytes)
            packed.Append(bytes.Data.Slice(start * bytes.ByteWidth, count * bytes.ByteWidth));
        else if (_builder is RunEndBuilder runs)
            AppendRuns(runs, (RunEndColumn)source, start, count);
        else if (_plain is null || !_plain.TryAppend(_builder, source, start, count))
            AppendEach(source, start, count);
    }

    private void AppendEach(Column source, int start, int count)
    {
        for (var row = start; row < start + count; row++)
        {
            switch (_builder, source)
            {
                case (BoolBuilder b, BoolColumn c):
                    b.Append(c.GetValue(row));
                    break;
                case (DecimalBuilder b, DecimalColumn c):
                    b.AppendUnscaled(c.GetUnscaled(row));
                    break;
                case (BinaryBuilder b, BytesColumn c):
                    b.Append(c.GetSpan(row));
                    break;
                case (DictionaryBuilder, DictionaryColumn c):
                    _entries!.Append(c, row);
                    break;
                default:
                    AppendNested(source, row);
                    break;
            }
        }
    }

    private void AppendNested(Column source, int row)
    {
        switch (_builder, source)
        {
            case (FixedSizeListBuilder b, FixedSizeListColumn c):
                _children[0].AppendRows(c.Items, row * c.ListSize, c.ListSize);
                b.Append();
                break;
            case (MapBuilder b, MapColumn c):
                var (first, pairs) = c.GetRange(row).GetOffsetAndLength(c.Items.Length);
                _children[0].AppendRows(c.Keys, first, pairs);
                _children[1].AppendRows(c.MapValues, first, pairs);
                b.Append();
                break;
            case (ListBuilder b, ListColumn c):
                var (start, count) = c.GetRange(row).GetOffsetAndLength(c.Items.Length);
                _children[0].AppendRows(c.Items, start, count);
                b.Append();
                break;
            case (StructBuilder b, StructColumn c):
                for (var i = 0; i < _children.Length; i++)
                    _children[i].AppendRows(c.Children[i], row, 1);
                b.Append();
                break;
            case (UnionBuilder b, UnionColumn c):
                var (child, place) = c.GetPlace(row);
                _children[child].AppendRows(c.Children[child], place, 1);
                b.Append(child);
                break;
            default:
                throw new InvalidOperationException($"A column of {source.Field.Type} has no place in one of {_builder.Field.Type}.");
        }
    }

    private void AppendRuns(RunEndBuilder target, RunEndColumn source, int start, int count)
    {
        for (var end = start + count; start < end;)
        {
            var run = source.GetRun(start);
            var next = Math.Min(end, source.RunEnds.Field.Type.Kind switch
            {
                ArrowKind.Int16 => source.RunEnds.Values<short>()[run],
                ArrowKind.Int32 => source.RunEnds.Values<int>()[run],
                _ => source.RunEnds.Values<long>()[run],
            });
            _children[0].AppendRows(source.RunValues, run, 1);
            target.AppendRun((int)(next - start));
            start = (int)next;
        }
    }
}
