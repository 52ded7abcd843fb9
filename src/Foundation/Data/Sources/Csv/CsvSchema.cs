using EventMl.Arrow;
using EventMl.Data.Sources.Text;

namespace EventMl.Data.Sources.Csv;

/// <summary>Finds the columns of a CSV text from its beginning.</summary>
internal static class CsvSchema
{
    private const int MaxColumns = 10_000;

    /// <exception cref="SourceException">The text has no usable header; the message says what to do.</exception>
    public static ArrowSchema Find(CsvChunk? first, CsvOptions options)
    {
        if (first is null || FirstRow(first, options) is not { } row)
        {
            return options.Columns is { } named && options.Types.Count > 0
                ? Checked(first, named, [.. named.Select(n => options.Types.GetValueOrDefault(n) ?? ArrowType.Of(ArrowKind.Utf8))])
                : throw new SourceException("The file is empty; it needs at least a header that names its columns.");
        }

        var found = CsvFields.Texts(first, row);
        var names = options.Columns ?? (options.HasHeader ? found : [.. Enumerable.Range(1, found.Count).Select(i => $"column_{i}")]);
        if (names.Count != found.Count)
        {
            throw new SourceException($"'columns' names {names.Count} columns; the first row of {first.Source} has {found.Count} fields. Name each, or check the delimiter.");
        }

        if (Array.FindIndex([.. options.Types.Keys], t => !names.Contains(t, StringComparer.Ordinal)) is var unknown and >= 0)
        {
            throw new SourceException($"'types' names '{options.Types.Keys.ElementAt(unknown)}'; {first.Source} has the columns {string.Join(", ", names.Take(50))}.");
        }

        return Checked(first, names, Types(first, names, row, options));
    }

    /// <exception cref="SourceException">Another file has another header.</exception>
    public static void CheckHeader(CsvChunk first, ArrowSchema schema, CsvOptions options)
    {
        if (!options.HasHeader || options.Columns is not null || FirstRow(first, options) is not { } row)
        {
            return;
        }

        var names = CsvFields.Texts(first, row);
        if (!names.SequenceEqual(schema.Fields.Select(f => f.Name), StringComparer.Ordinal))
        {
            throw new SourceException($"{first.Source} has the columns {string.Join(", ", names.Take(50))}; the first file has {string.Join(", ", schema.Fields.Take(50).Select(f => f.Name))}. Files of one folder need one header.");
        }
    }

    private static ArrowSchema Checked(CsvChunk? first, IReadOnlyList<string> names, ArrowType[] types)
    {
        var where = first?.Source ?? "The file";
        if (names.Count > MaxColumns)
        {
            throw new SourceException($"{where} has {names.Count} columns; at most {MaxColumns} are taken. Is the delimiter right?");
        }

        if (names.FirstOrDefault(n => string.IsNullOrWhiteSpace(n) || n.Contains('\0', StringComparison.Ordinal) || n.Contains('\uFFFD', StringComparison.Ordinal)) is { } nameless)
        {
            throw new SourceException($"{where} has a column without a usable name ('{nameless}'); give names with 'columns', or set header = false if the first row is data.");
        }

        return names.CountBy(n => n, StringComparer.Ordinal).FirstOrDefault(n => n.Value > 1).Key is { } twice
            ? throw new SourceException($"{where} has two columns named '{twice}'; give names with 'columns', or set header = false if the first row is data.")
            : new ArrowSchema([.. names.Select((name, i) => new ArrowField(name, types[i]))]);
    }

    private static int? FirstRow(CsvChunk chunk, CsvOptions options)
    {
        for (var row = 0; row < chunk.Index.RowCount; row++)
        {
            if (!CsvFields.IsSkipped(chunk, row, options.Comment)
                && (options.Comment is not { } comment || chunk.Buffer[chunk.Index.Start(chunk.Index.FirstField(row))] != comment))
            {
                return row;
            }
        }

        return null;
    }

    private static ArrowType[] Types(CsvChunk chunk, IReadOnlyList<string> names, int firstRow, CsvOptions options)
    {
        var nulls = new CsvParser(new ArrowSchema([]), options);
        var types = new ArrowType[names.Count];
        var last = Math.Min(chunk.Index.RowCount, firstRow + options.SampleRows + (options.HasHeader ? 1 : 0));
        var scratch = Array.Empty<byte>();
        for (var column = 0; column < types.Length; column++)
        {
            if (options.Given(names[column]) is { } given)
            {
                types[column] = given;
                continue;
            }

            var sampler = new TypeSampler();
            for (var row = firstRow + (options.HasHeader ? 1 : 0); row < last; row++)
            {
                var first = chunk.Index.FirstField(row);
                if (chunk.Index.Rows[row] - first != types.Length)
                {
                    continue;
                }

                var field = CsvFields.Get(chunk.Buffer, chunk.Index, first + column, column == types.Length - 1);
                if (!CsvFields.IsQuoted(field))
                {
                    if (!nulls.IsNull(field))
                    {
                        sampler.Observe(field);
                    }
                }
                else if (CsvFields.TryUnquote(field, ref scratch, out var value))
                {
                    sampler.Observe(value);
                }
            }

            types[column] = sampler.Result();
        }

        return types;
    }
}
