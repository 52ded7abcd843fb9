using EventMl.Arrow;
using EventMl.Lake.Changes;
using EventMl.Lake.Storage;

namespace EventMl.Lake.Data;

/// <summary>Computes new columns fragment by fragment, cut into the same batches as the columns that are there.</summary>
internal sealed class ColumnAdder(LakeTable table, Manifest read, TableWriter writer)
{
    public async Task<AddColumnsChange> AddAsync(ArrowSchema added, IReadOnlyList<string> inputs, Func<LakeRows, RecordBatch> compute, CancellationToken ct)
    {
        if (added.Fields.Count == 0)
            throw new LakeException("Name at least one column to add.");
        foreach (var group in added.Fields.GroupBy(f => f.Name, StringComparer.Ordinal))
        {
            if (group.Count() > 1 || read.Schema.Any(f => f.Name == group.Key))
                throw new LakeException($"'{read.Name}' version {read.Version} has a column '{group.Key}' already, or it is to be added twice; choose another name, or drop the old one first.");
        }

        var schema = await DatasetSchema.ReadAsync(table, read, ct);
        var wanted = schema.Select(inputs, $"lake://{table.Folder}@{read.Version}");
        var files = new Dictionary<int, ManifestFile>();
        foreach (var fragment in read.Fragments)
        {
            // Rows that are deleted need a place too; nothing is computed for them.
            var stored = fragment.Deletion is null ? added : new ArrowSchema([.. added.Fields.Select(f => new ArrowField(f.Name, f.Type, nullable: true, f.Metadata))]);
            using var reader = await FragmentReader.OpenAsync(table, read, fragment, wanted, ct);
            files[fragment.Id] = await writer.WriteAsync("data", stored, Enumerable.Range(0, reader.BatchCount).Select(i => Compute(reader, i, added, stored, compute)), ct);
        }

        return new AddColumnsChange(schema, added, files, writer.Bytes);
    }

    private static RecordBatch Compute(FragmentReader reader, int index, ArrowSchema added, ArrowSchema stored, Func<LakeRows, RecordBatch> compute)
    {
        if (reader.Live(index) is not { Length: > 0 } rows)
            return new RecordBatch(stored, [.. stored.Fields.Select(f => RowCopier.Nulls(f, reader.Length(index)))]);
        var result = compute(new LakeRows(rows, reader, index));
        if (result.Length != rows.Length || !result.Schema.HasSameFieldsAs(added))
            throw new LakeException($"The computation gave {result.Length} rows of ({result.Schema}) for {rows.Length} rows; give as many rows of ({added}).");
        return rows.Length == reader.Length(index) && ReferenceEquals(stored, added)
            ? result
            : new RecordBatch(stored, [.. stored.Fields.Select((f, i) => Spread(result.Column(i), f, reader.Runs(index), reader.Length(index)))]);
    }

    private static Column Spread(Column values, ArrowField field, IEnumerable<(int Start, int Count)> runs, int length)
    {
        var spread = new RowCopier(field);
        var used = 0;
        foreach (var (start, count) in runs)
        {
            spread.AppendNulls(start - spread.Length);
            spread.Append(values, used, count);
            used += count;
        }

        spread.AppendNulls(length - spread.Length);
        return spread.Build();
    }
}
