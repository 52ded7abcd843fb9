using System.Collections.ObjectModel;
using EventMl.Arrow.Format;

namespace EventMl.Arrow;

/// <summary>Writes batches to the Arrow IPC stream format, which can be read while it arrives.</summary>
public sealed class ArrowStreamWriter : IDisposable, IAsyncDisposable
{
    private readonly IpcWriter _writer;

    /// <summary>Starts a stream; its schema goes out with the first batch, or at the end where there is none.</summary>
    /// <exception cref="NotSupportedException">The compression's library is not installed.</exception>
    public ArrowStreamWriter(Stream output, ArrowSchema schema, bool leaveOpen = false, ArrowWriteOptions? options = null) =>
        _writer = new IpcWriter(output, schema, isFile: false, leaveOpen, options ?? ArrowWriteOptions.Default);

    /// <summary>The rows written so far.</summary>
    public long RowCount => _writer.RowCount;

    /// <summary>Writes one batch.</summary>
    /// <exception cref="ArgumentException">The batch has other columns than the stream.</exception>
    public void Write(RecordBatch batch)
    {
        _writer.Write(batch);
        _writer.Flush();
    }

    /// <summary>Writes one batch to an output that blocks nobody, such as a response body.</summary>
    /// <exception cref="ArgumentException">The batch has other columns than the stream.</exception>
    public ValueTask WriteAsync(RecordBatch batch, CancellationToken cancellationToken = default)
    {
        _writer.Write(batch);
        return _writer.FlushAsync(cancellationToken);
    }

    /// <summary>Marks the end of the stream.</summary>
    public void Finish()
    {
        _writer.Finish(ReadOnlyDictionary<string, string>.Empty);
        _writer.Flush();
    }

    /// <summary>Marks the end of the stream.</summary>
    public ValueTask FinishAsync(CancellationToken cancellationToken = default)
    {
        _writer.Finish(ReadOnlyDictionary<string, string>.Empty);
        return _writer.FlushAsync(cancellationToken);
    }

    /// <summary>Closes the output unless it was to be left open.</summary>
    public void Dispose() => _writer.Dispose();

    /// <summary>Closes the output unless it was to be left open.</summary>
    public ValueTask DisposeAsync() => _writer.DisposeAsync();
}

/// <summary>Writes batches to the Arrow IPC file format; without <see cref="Finish"/> the file stays unreadable, so a failed writer leaves nothing that looks whole.</summary>
public sealed class ArrowFileWriter : IDisposable
{
    private readonly IpcWriter _writer;

    /// <summary>Starts a file.</summary>
    /// <exception cref="NotSupportedException">The compression's library is not installed.</exception>
    public ArrowFileWriter(Stream output, ArrowSchema schema, bool leaveOpen = false, ArrowWriteOptions? options = null) =>
        _writer = new IpcWriter(output, schema, isFile: true, leaveOpen, options ?? ArrowWriteOptions.Default);

    /// <summary>The rows written so far.</summary>
    public long RowCount => _writer.RowCount;

    /// <summary>Starts a file at a path that must not exist yet.</summary>
    public static ArrowFileWriter Create(string path, ArrowSchema schema, ArrowWriteOptions? options = null) =>
        new(new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 1 << 20), schema, options: options);

    /// <summary>Writes one batch.</summary>
    /// <exception cref="ArgumentException">The batch has other columns than the file.</exception>
    /// <exception cref="NotSupportedException">A column's dictionary differs from the last batch's and cannot be merged with it.</exception>
    public void Write(RecordBatch batch)
    {
        _writer.Write(batch);
        _writer.Flush();
    }

    /// <summary>Writes the footer with free key-value pairs; nothing can be written afterwards.</summary>
    public void Finish(IReadOnlyDictionary<string, string>? metadata = null)
    {
        _writer.Finish(metadata ?? ReadOnlyDictionary<string, string>.Empty);
        _writer.Flush();
    }

    /// <summary>Closes the output unless it was to be left open.</summary>
    public void Dispose() => _writer.Dispose();
}
