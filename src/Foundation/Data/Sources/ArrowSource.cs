using EventMl.Arrow;

namespace EventMl.Data.Sources;

/// <summary>Arrow files and streams with the same columns.</summary>
public sealed class ArrowSource : IBatchSource
{
    private readonly IReadOnlyList<string> _paths;
    private readonly ArrowReadOptions _options;
    private ArrowFile? _file;
    private long _done;

    private ArrowSource(IReadOnlyList<string> paths, ArrowReadOptions options)
    {
        (_paths, _options) = (paths, options);
        _file = OpenFile(paths[0]);
        Schema = new ArrowSchema(_file.Schema.Fields);
    }

    /// <inheritdoc />
    public ArrowSchema Schema { get; }

    /// <inheritdoc />
    public SourceProgress Progress => new(Interlocked.Read(ref _done), _paths.Count, "files");

    /// <summary>Files, read in the order given.</summary>
    /// <exception cref="SourceException">The first file cannot be read.</exception>
    public static ArrowSource Open(IReadOnlyList<string> paths, ArrowReadOptions? options = null) => new(paths, options ?? ArrowReadOptions.Default);

    /// <inheritdoc />
    public IEnumerable<RecordBatch> Read(CancellationToken cancellationToken)
    {
        for (var i = 0; i < _paths.Count; i++)
        {
            _file ??= OpenFile(_paths[i]);
            if (!new ArrowSchema(_file.Schema.Fields).HasSameFieldsAs(Schema))
            {
                throw new SourceException($"{Path.GetFileName(_paths[i])} has the columns ({_file.Schema}); {Path.GetFileName(_paths[0])} has ({Schema}). Files of one folder need the same columns.");
            }

            for (var b = 0; b < _file.BatchCount; b++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return Checked(_file.Batch(b), _paths[i]);
            }

            _file.Dispose();
            _file = null;
            Interlocked.Increment(ref _done);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _file?.Dispose();

    private ArrowFile OpenFile(string path)
    {
        try
        {
            return ArrowFile.Open(path, _options);
        }
        catch (Exception e) when (e is ArrowFormatException or IOException or UnauthorizedAccessException)
        {
            throw new SourceException($"{Path.GetFileName(path)} cannot be read as Arrow: {e.Message}", e);
        }
    }

    // Damaged columns are found here and not in the midst of what comes after.
    private static RecordBatch Checked(RecordBatch batch, string path)
    {
        try
        {
            for (var i = 0; i < batch.Schema.Fields.Count; i++)
            {
                _ = batch.Column(i);
            }

            return batch;
        }
        catch (Exception e) when (e is ArrowFormatException or NotSupportedException)
        {
            throw new SourceException($"{Path.GetFileName(path)} is damaged: {e.Message}", e);
        }
    }
}
