using EventMl.Arrow.Format;

namespace EventMl.Arrow;

/// <summary>
/// An Arrow IPC file or stream, read without copying. Columns and their spans point into the file's mapping: they are valid until
/// this object is disposed, and using one later throws <see cref="ObjectDisposedException"/> (a span taken earlier must not be used).
/// The file must not be truncated while it is open; lake files never are.
/// </summary>
public sealed class ArrowFile : IDisposable
{
    private readonly ByteSource _source;
    private readonly IpcContent _content;
    private readonly ArrowReadOptions _options;

    internal ArrowFile(ByteSource source, string name, ArrowReadOptions? options)
    {
        _source = source;
        _options = options ?? ArrowReadOptions.Default;
        try
        {
            _content = IpcContent.Read(source, name, _options);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>The columns.</summary>
    public ArrowSchema Schema => _content.Schema;

    /// <summary>Free key-value pairs of the file's footer; those of the schema are in <see cref="Schema"/>.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _content.Metadata;

    /// <summary>The number of batches.</summary>
    public int BatchCount => _content.Batches.Count;

    /// <summary>The rows of all batches.</summary>
    public long RowCount => _content.Batches.Sum(b => (long)b.Header.Length);

    /// <summary>Opens a file by mapping it into memory.</summary>
    /// <exception cref="ArrowFormatException">The bytes are not an Arrow file or stream.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ArrowFile Open(string path, ArrowReadOptions? options = null) => new FileInfo(path) is { Exists: true, Length: 0 }
        ? throw new ArrowFormatException($"{Path.GetFileName(path)} is empty; an Arrow file is expected.")
        : new ArrowFile(new MappedSource(path), Path.GetFileName(path), options);

    /// <summary>Opens a file or stream that is already in memory.</summary>
    /// <exception cref="ArrowFormatException">The bytes are not an Arrow file or stream.</exception>
    public static ArrowFile Open(ReadOnlyMemory<byte> bytes, ArrowReadOptions? options = null) => new(new MemorySource(bytes), "The Arrow data", options);

    /// <summary>One batch; nothing of it is read before its columns are asked for.</summary>
    public RecordBatch Batch(int index) => _content.Batches[index].ToRecordBatch(Schema, _options);

    /// <summary>All batches in order.</summary>
    public IEnumerable<RecordBatch> Batches()
    {
        for (var i = 0; i < BatchCount; i++)
            yield return Batch(i);
    }

    /// <summary>Checks every column of every batch, so that later reads cannot fail; only text that is not UTF-8 is found when it is decoded.</summary>
    /// <exception cref="ArrowFormatException">Something is damaged; the message says what.</exception>
    public void Validate()
    {
        foreach (var batch in Batches())
        {
            for (var i = 0; i < Schema.Fields.Count; i++)
                _ = batch.Column(i);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _source.Dispose();
}
