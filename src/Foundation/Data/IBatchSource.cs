using EventMl.Arrow;

namespace EventMl.Data;

/// <summary>Rows from somewhere, a batch at a time, in memory that does not grow with their number; read once.</summary>
public interface IBatchSource : IDisposable
{
    /// <summary>The columns of every batch.</summary>
    ArrowSchema Schema { get; }

    /// <summary>How far reading is; safe to ask from any thread.</summary>
    SourceProgress Progress { get; }

    /// <summary>The batches in the source's own order; rows that do not fit are handed to the source's <see cref="IBadRowSink"/> instead.</summary>
    /// <exception cref="SourceException">The source as a whole cannot be read; the message says what to do.</exception>
    IEnumerable<RecordBatch> Read(CancellationToken cancellationToken);
}

/// <summary>How far a source is: <paramref name="Done"/> of <paramref name="Total"/> units (0 when unknown), counted in <paramref name="Unit"/>.</summary>
public readonly record struct SourceProgress(long Done, long Total, string Unit);

/// <summary>A source cannot be read as it was asked for; the message says what to do.</summary>
public sealed class SourceException : Exception
{
    /// <summary>An error without a message.</summary>
    public SourceException()
    {
    }

    /// <summary>An error that says what to do.</summary>
    public SourceException(string message)
        : base(message)
    {
    }

    /// <summary>An error that says what to do and what caused it.</summary>
    public SourceException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
