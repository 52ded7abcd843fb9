using EventMl.Arrow;
using EventMl.Lake.Storage;

namespace EventMl.Lake.Data;

/// <summary>The rows of one fragment with the wanted columns, put together from its data files; batches are valid until it is disposed.</summary>
internal sealed class FragmentReader : IDisposable
{
    private readonly List<ArrowFile> _files = [];
    private readonly (int File, int Column)[] _places;
    private readonly DatasetSchema _schema;
    private readonly long[] _starts;

    private FragmentReader(DatasetSchema schema, int batches, Deletions deletions, RowIds ids)
    {
        (_schema, Deletions, Ids) = (schema, deletions, ids);
        _places = new (int, int)[schema.FieldIds.Count];
        Array.Fill(_places, (-1, -1));
        _starts = new long[batches + 1];
    }

    public Deletions Deletions { get; }

    public RowIds Ids { get; }

    public int BatchCount => _starts.Length - 1;

    /// <summary>The offset of a batch's first row in the fragment.</summary>
    public long Start(int batch) => _starts[batch];

    public int Length(int batch) => (int)(_starts[batch + 1] - _starts[batch]);

    /// <summary>The batch that holds the row at an offset.</summary>
    public int BatchAt(long offset)
    {
        // Empty batches share their start with the next one; the last of them has the row.
        var (low, high) = (0, BatchCount - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = _starts[middle] <= offset ? (middle, high) : (low, middle - 1);
        }

        return low;
    }

    public static async Task<FragmentReader> OpenAsync(LakeTable table, Manifest manifest, ManifestFragment fragment, DatasetSchema wanted, CancellationToken ct)
    {
        var opened = new List<(ManifestDataFile File, ArrowFile Arrow)>();
        try
        {
            foreach (var file in fragment.Files)
            {
                int[] columns = [.. wanted.FieldIds.Select(id => ColumnOf(file, id)).Where(c => c >= 0)];
                // The first file also says how the rows are cut into batches.
                if (columns.Length > 0 || opened.Count == 0)
                    opened.Add((file, await OpenAsync(table, manifest, file, columns, ct)));
            }

            if (opened.Count == 0)
                throw new LakeException($"Fragment {fragment.Id} of {table.Folder} version {manifest.Version} has no data file; restore the manifest from a backup.");
            var reader = new FragmentReader(
                wanted, opened[0].Arrow.BatchCount, await Deletions.ReadAsync(table, manifest, fragment, ct), await RowIds.ReadAsync(table, manifest, fragment, ct));
            reader.Add(opened, fragment.PhysicalRows, $"{table.Folder} version {manifest.Version}");
            return reader;
        }
        catch
        {
            opened.ForEach(o => o.Arrow.Dispose());
            throw;
        }
    }

    /// <summary>The rows of a batch that are not deleted; null when there are none.</summary>
    public RecordBatch? Live(int batch)
    {
        (int Start, int Count)[] runs = [.. Runs(batch)];
        if (runs.Length == 0)
            return Length(batch) == 0 && _places.Length > 0 ? new RecordBatch(_schema.Arrow, Columns(batch)) : null;
        if (runs[0].Count < Length(batch))
            return new RecordBatch(_schema.Arrow, [.. Columns(batch).Select((column, i) => RowCopier.Take(column, _schema.Arrow.Fields[i], runs))]);
        // The file's own batch maps a column only when it is asked for.
        return IsWholeFile() ? _files[0].Batch(batch) : new RecordBatch(_schema.Arrow, Columns(batch));
    }

    /// <summary>The runs of rows of a batch, relative to its start, that are not deleted.</summary>
    public IEnumerable<(int Start, int Count)> Runs(int batch) => Deletions.Live(Start(batch), Length(batch));

    /// <summary>The columns of a batch with every row, also deleted ones.</summary>
    public Column[] Columns(int batch)
    {
        var sources = new RecordBatch?[_files.Count];
        var columns = new Column[_places.Length];
        for (var i = 0; i < columns.Length; i++)
        {
            var (file, column) = _places[i];
            columns[i] = file < 0 ? RowCopier.Nulls(_schema.Arrow.Fields[i], Length(batch)) : (sources[file] ??= _files[file].Batch(batch)).Column(column);
        }

        return columns;
    }

    /// <summary>The ids of the rows of <see cref="Live"/>.</summary>
    public long[] LiveIds(int batch) =>
        [.. Runs(batch).SelectMany(run => Enumerable.Range(run.Start, run.Count)).Select(row => Ids.At(Start(batch) + row))];

    public void Dispose() => _files.ForEach(f => f.Dispose());

    private static int ColumnOf(ManifestDataFile file, int field)
    {
        for (var i = 0; i < file.Fields.Count; i++)
        {
            if (file.Fields[i] == field)
                return file.Columns[i];
        }

        return -1;
    }

    private static async Task<ArrowFile> OpenAsync(LakeTable table, Manifest manifest, ManifestDataFile file, int[] columns, CancellationToken ct)
    {
        var path = manifest.PathOf(table.Folder, file);
        try
        {
            return ArrowFile.Open(await table.Local.GetAsync(path, file.Bytes, columns, ct));
        }
        catch (Exception e) when (e is IOException or ArrowFormatException)
        {
            throw new LakeException($"lake://{table.Folder}@{manifest.Version} cannot be read: {e.Message}", e);
        }
    }

    private void Add(List<(ManifestDataFile File, ArrowFile Arrow)> opened, long rows, string where)
    {
        var first = opened[0].Arrow;
        for (var i = 0; i < BatchCount; i++)
            _starts[i + 1] = _starts[i] + first.Batch(i).Length;
        foreach (var (file, arrow) in opened)
        {
            var same = arrow.BatchCount == BatchCount && Enumerable.Range(0, BatchCount).All(i => arrow.Batch(i).Length == Length(i));
            if (!same || arrow.RowCount != rows)
                throw new LakeException($"{file.Path} of {where} has {arrow.RowCount} rows in {arrow.BatchCount} batches; the manifest and the other files of its fragment say {rows} in {BatchCount}. Restore it from a backup.");
            for (var i = 0; i < _places.Length; i++)
            {
                if (ColumnOf(file, _schema.FieldIds[i]) is not (>= 0 and var column))
                    continue;
                if (column >= arrow.Schema.Fields.Count || !arrow.Schema.Fields[column].Type.Equals(_schema.Arrow.Fields[i].Type))
                    throw new LakeException($"{file.Path} of {where} does not hold '{_schema.Arrow.Fields[i].Name}' as {_schema.Arrow.Fields[i].Type}; restore it from a backup.");
                _places[i] = (_files.Count, column);
            }

            _files.Add(arrow);
        }
    }

    private bool IsWholeFile()
    {
        var file = _files[0].Schema;
        if (file.Fields.Count != _places.Length)
            return false;
        for (var i = 0; i < _places.Length; i++)
        {
            if (_places[i] != (0, i) || !file.Fields[i].Equals(_schema.Arrow.Fields[i]))
                return false;
        }

        return true;
    }
}
