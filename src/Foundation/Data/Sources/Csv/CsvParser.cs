using System.Collections.Concurrent;
using System.Text.Unicode;
using EventMl.Arrow;
using EventMl.Data.Sources.Text;

namespace EventMl.Data.Sources.Csv;

/// <summary>Turns chunks into batches, column by column; safe to use from several threads.</summary>
internal sealed class CsvParser(ArrowSchema schema, CsvOptions options)
{
    private readonly FieldType[] _types = [.. schema.Fields.Select(f => FieldType.For(f.Type))];
    // Builders know from the last chunk how much room they need.
    private readonly ConcurrentBag<RecordBatchBuilder> _builders = [];
    private readonly byte[][] _nullWords = [.. options.NullWords.Select(System.Text.Encoding.UTF8.GetBytes)];

    public ParsedChunk Parse(CsvChunk chunk)
    {
        var bad = new SortedDictionary<int, BadRow>();
        if (chunk.Broken is { } broken)
        {
            return new ParsedChunk(new RecordBatchBuilder(schema).Build(), [chunk.Bad(0, chunk.Length, null, broken)]);
        }

        var rows = Select(chunk, bad);
        var faults = bad.Count;
        var batch = Build(chunk, rows, bad);
        if (bad.Count > faults)
        {
            rows.RemoveAll(bad.ContainsKey);
            batch = Build(chunk, rows, bad);
        }

        return new ParsedChunk(batch, [.. bad.Values]);
    }

    /// <summary>Whether an unquoted field means null.</summary>
    public bool IsNull(ReadOnlySpan<byte> field)
    {
        if (field.IsEmpty)
        {
            return true;
        }

        foreach (var word in _nullWords)
        {
            if (field.SequenceEqual(word))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The rows that have the right number of fields and can be text.</summary>
    private List<int> Select(CsvChunk chunk, SortedDictionary<int, BadRow> bad)
    {
        var index = chunk.Index;
        var columns = schema.Fields.Count;
        var isText = Utf8.IsValid(chunk.Bytes) && !chunk.Bytes.Contains((byte)0);
        var rows = new List<int>(index.RowCount);
        var header = chunk.StartsWithHeader;
        for (var row = 0; row < index.RowCount; row++)
        {
            var fields = index.Rows[row] - index.FirstField(row);
            if (fields != columns || columns == 1)
            {
                if (CsvFields.IsSkipped(chunk, row, options.Comment))
                {
                    continue;
                }
            }
            else if (options.Comment is { } comment && chunk.Buffer[index.Start(index.FirstField(row))] == comment)
            {
                continue;
            }

            if (header)
            {
                header = false;
            }
            else if (fields != columns)
            {
                bad[row] = Bad(chunk, row, null, $"it has {fields} field{(fields == 1 ? "" : "s")}; there are {columns} columns");
            }
            else if (!isText && Fault(Bytes(chunk, row)) is { } fault)
            {
                bad[row] = Bad(chunk, row, null, fault);
            }
            else
            {
                rows.Add(row);
            }
        }

        return rows;
    }

    private RecordBatch Build(CsvChunk chunk, List<int> rows, SortedDictionary<int, BadRow> bad)
    {
        var builder = _builders.TryTake(out var used) ? used : new RecordBatchBuilder(schema);
        for (var column = 0; column < _types.Length; column++)
        {
            Build(chunk, rows, column, builder.Column(column), bad);
        }

        var batch = builder.Build();
        _builders.Add(builder);
        return batch;
    }

    private void Build(CsvChunk chunk, List<int> rows, int column, ColumnBuilder builder, SortedDictionary<int, BadRow> bad)
    {
        var (text, index, type, isLast) = (chunk.Buffer, chunk.Index, _types[column], column == _types.Length - 1);
        var scratch = Array.Empty<byte>();
        foreach (var row in rows)
        {
            var field = CsvFields.Get(text, index, index.FirstField(row) + column, isLast);
            string? fault = null;
            if (CsvFields.IsQuoted(field))
            {
                fault = !CsvFields.TryUnquote(field, ref scratch, out var value) ? "something stands behind its closing quote"
                    : type.TryAppend(value, builder) ? null : Unfit(value, type);
            }
            else if (IsNull(field))
            {
                builder.AppendNull();
            }
            else if (!type.TryAppend(field, builder))
            {
                fault = Unfit(field, type);
            }

            if (fault is not null)
            {
                builder.AppendNull();
                bad.TryAdd(row, Bad(chunk, row, schema.Fields[column].Name, fault));
            }
        }
    }

    private static string Unfit(ReadOnlySpan<byte> value, FieldType type) =>
        $"'{System.Text.Encoding.UTF8.GetString(value[..Math.Min(value.Length, 60)])}{(value.Length > 60 ? "…" : "")}' is no {type.Type}";

    private static string? Fault(ReadOnlySpan<byte> row) => row.Contains((byte)0) ? "it has a NUL byte" : Utf8.IsValid(row) ? null : "it is not valid UTF-8";

    private static ReadOnlySpan<byte> Bytes(CsvChunk chunk, int row)
    {
        var (start, end) = Place(chunk, row);
        return chunk.Bytes[start..end];
    }

    private static BadRow Bad(CsvChunk chunk, int row, string? column, string reason)
    {
        var (start, end) = Place(chunk, row);
        return chunk.Bad(start, end, column, reason);
    }

    private static (int Start, int End) Place(CsvChunk chunk, int row) => (chunk.Index.Start(chunk.Index.FirstField(row)), chunk.Index.Ends[chunk.Index.Rows[row] - 1]);
}
