namespace EventMl.Arrow.Format;

/// <summary>
/// Decides what of the dictionaries of a batch has to be written: nothing where they are known, a delta or the whole where they grew. In a stream another
/// dictionary replaces the last one; in a file, where that is not allowed, it is merged into it and the indices follow.
/// Dictionaries are numbered in pre-order of the schema's types.
/// </summary>
internal sealed class DictionaryWriter(bool isFile, bool deltas, Action<long, Column, bool> write)
{
    private readonly Dictionary<int, State> _states = [];

    // A file's footer finds dictionaries wherever they are, so whole ones can wait until they are complete.
    private bool WaitsForAll => isFile && !deltas;

    /// <summary>Writes what is new; returns the indices that replace those of a merged dictionary.</summary>
    public Dictionary<DictionaryColumn, PrimitiveColumn> Take(ArrowSchema schema, IReadOnlyList<Column> columns)
    {
        var merged = new Dictionary<DictionaryColumn, PrimitiveColumn>();
        var id = 0;
        for (var i = 0; i < columns.Count; i++)
            Walk(schema.Fields[i].Type, columns[i], merged, ref id);
        return merged;
    }

    /// <summary>Writes the dictionaries that waited, those inside others first.</summary>
    public void Finish(ArrowSchema schema)
    {
        if (!isFile)
            return;
        var id = 0;
        var fields = new List<ArrowField>();
        foreach (var field in schema.Fields)
            Number(field.Type, fields, ref id);
        for (id = fields.Count - 1; id >= 0; id--)
        {
            if (!_states.TryGetValue(id, out var state))
                write(id, ColumnBuilder.For(fields[id]).Build(), false);
            else if (WaitsForAll)
                write(id, Column.Join(state.Parts), false);
        }
    }

    private static void Number(ArrowType type, List<ArrowField> fields, ref int id)
    {
        if (type.Kind == ArrowKind.Dictionary)
        {
            id++;
            fields.Add(type.Children[1]);
        }

        foreach (var child in type.Kind == ArrowKind.Dictionary ? type.Children[1].Type.Children : type.Children)
            Number(child.Type, fields, ref id);
    }

    private void Walk(ArrowType type, Column column, Dictionary<DictionaryColumn, PrimitiveColumn>? merged, ref int id)
    {
        if (column is DictionaryColumn dictionary)
        {
            var own = id++;
            var inner = id;
            foreach (var part in dictionary.SharedValues.Parts)
            {
                id = inner;
                Walk(type.Children[1].Type, part, merged: null, ref id);
            }

            Take(own, dictionary, merged);
            return;
        }

        for (var i = 0; i < column.Parts.Count; i++)
            Walk(type.Children[i].Type, column.Parts[i], merged, ref id);
    }

    private void Take(int id, DictionaryColumn column, Dictionary<DictionaryColumn, PrimitiveColumn>? merged)
    {
        var parts = column.SharedValues.Parts;
        if (!_states.TryGetValue(id, out var state))
        {
            _states[id] = state = new State([.. parts]);
            if (deltas)
                WriteEach(id, parts, isFirst: true);
            else if (!isFile)
                write(id, Column.Join(parts), false);
        }
        else if (IsPrefix(parts, state.Parts))
        {
            // Known already; this batch was built before the dictionary grew.
        }
        else if (IsPrefix(state.Parts, parts))
        {
            var added = parts.Skip(state.Parts.Count).ToList();
            state.Parts.AddRange(added);
            state.Merger = null;
            if (deltas)
                WriteEach(id, added, isFirst: false);
            else if (!isFile)
                write(id, Column.Join(parts), false);
        }
        else if (!isFile)
        {
            _states[id] = new State([.. parts]);
            write(id, Column.Join(parts), false);
        }
        else
        {
            Merge(id, state, column, merged);
        }
    }

    private void Merge(int id, State state, DictionaryColumn column, Dictionary<DictionaryColumn, PrimitiveColumn>? merged)
    {
        if (merged is null)
            throw new NotSupportedException($"Column '{column.Field.Name}' has another dictionary than the batch before, inside a dictionary; a file holds one, so write a stream or build all batches with one builder.");
        state.Merger ??= new DictionaryMerger(column.Field, Column.Join(state.Parts));
        var known = state.Parts.Count;
        merged[column] = state.Merger.Merge(column, state.Parts);
        if (deltas)
            WriteEach(id, state.Parts[known..], isFirst: false);
    }

    private void WriteEach(int id, IReadOnlyList<Column> parts, bool isFirst)
    {
        for (var i = 0; i < parts.Count; i++)
            write(id, parts[i], !isFirst || i > 0);
    }

    private static bool IsPrefix(IReadOnlyList<Column> start, IReadOnlyList<Column> whole) => new DictionaryValues(start).IsStartOf(new DictionaryValues(whole));

    private sealed class State(List<Column> parts)
    {
        public List<Column> Parts { get; } = parts;

        public DictionaryMerger? Merger { get; set; }
    }
}
