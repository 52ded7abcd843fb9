using EventMl.Arrow;

namespace EventMl.Data.Quality;

/// <summary>Profiles a dataset of any size, one batch at a time; the same batches give the same profile everywhere.</summary>
public sealed class Profiler
{
    /// <summary>Rows shown by a profile unless told otherwise.</summary>
    public const int DefaultPreview = 10;

    private readonly ArrowSchema _schema;
    private readonly ColumnProfiler[] _columns;
    private readonly List<string> _preview = [];
    private readonly int _previewRows;
    private long _rows;

    /// <summary>Begins a profile of batches of one schema, showing up to <paramref name="previewRows"/> first rows.</summary>
    public Profiler(ArrowSchema schema, int previewRows = DefaultPreview)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(previewRows);
        _schema = schema;
        _previewRows = previewRows;
        _columns = [.. schema.Fields.Select(f => new ColumnProfiler(f))];
    }

    /// <summary>Adds the rows of a batch.</summary>
    /// <exception cref="ArgumentException">The batch has other columns.</exception>
    public void Observe(RecordBatch batch)
    {
        CheckSchema(batch.Schema);
        for (var i = 0; i < _columns.Length; i++)
            _columns[i].Observe(new ColumnValues(batch.Column(i)));
        for (var row = 0; row < batch.Length && _preview.Count < _previewRows; row++)
            _preview.Add(RowJson.Row(batch, row));
        _rows += batch.Length;
    }

    /// <summary>Adds the rows that another profiler saw, as if they followed those seen here.</summary>
    /// <exception cref="ArgumentException">The other one has other columns.</exception>
    public void Merge(Profiler other)
    {
        CheckSchema(other._schema);
        for (var i = 0; i < _columns.Length; i++)
            _columns[i].Merge(other._columns[i]);
        _preview.AddRange(other._preview.Take(_previewRows - _preview.Count));
        _rows += other._rows;
    }

    /// <summary>The profile of the rows so far.</summary>
    public DatasetProfile Build() => new() { Rows = _rows, Columns = [.. _columns.Select(c => c.Build())], Preview = [.. _preview] };

    private void CheckSchema(ArrowSchema other)
    {
        if (!_schema.HasSameFieldsAs(other))
            throw new ArgumentException($"The profile is of ({_schema}); these rows have ({other}).", nameof(other));
    }
}
