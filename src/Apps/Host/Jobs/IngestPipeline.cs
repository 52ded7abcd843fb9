using EventMl.Arrow;
using EventMl.Data;

namespace EventMl.Host.Jobs;

/// <summary>Collect, then the stages in their order (validate, transform, split), then store: one batch at a time, so that data may be larger than memory.</summary>
/// <param name="source">Where the rows come from.</param>
/// <param name="stages">What every batch passes.</param>
internal sealed class IngestPipeline(IBatchSource source, IReadOnlyList<IBatchStage> stages)
{
    private const long RowsPerFile = 1 << 20;

    /// <summary>Writes <c>part-00000.arrow</c>, … into a folder and gives the number of their rows.</summary>
    /// <exception cref="SourceException">The data cannot be read, or must not be stored; the message says why.</exception>
    public long Run(string folder, Action<long, SourceProgress> report, CancellationToken cancellationToken)
    {
        var schema = stages.Aggregate(source.Schema, (columns, stage) => stage.Open(columns));
        using var parts = new PartWriter(folder, schema);
        foreach (var batch in source.Read(cancellationToken))
        {
            var last = stages.Aggregate(batch, (rows, stage) => stage.Apply(rows));
            if (last.Length > 0)
            {
                parts.Write(last);
            }

            report(parts.Rows, source.Progress);
        }

        foreach (var stage in stages)
        {
            stage.Complete();
        }

        parts.Finish();
        report(parts.Rows, source.Progress);
        return parts.Rows;
    }

    /// <summary>The Arrow files being written, one behind the other.</summary>
    private sealed class PartWriter(string folder, ArrowSchema schema) : IDisposable
    {
        private ArrowFileWriter? _writer;
        private int _count;

        public long Rows { get; private set; }

        public void Write(RecordBatch batch)
        {
            if (_writer is not null && _writer.RowCount + batch.Length > RowsPerFile)
            {
                FinishPart();
            }

            _writer ??= Begin();
            _writer.Write(batch);
            Rows += batch.Length;
        }

        public void Finish()
        {
            // Even a dataset without rows has a file, which carries its columns.
            _writer ??= _count == 0 ? Begin() : null;
            FinishPart();
        }

        public void Dispose() => _writer?.Dispose();

        private ArrowFileWriter Begin() => ArrowFileWriter.Create(Path.Combine(folder, $"part-{_count++:D5}.arrow"), schema);

        private void FinishPart()
        {
            _writer?.Finish();
            _writer?.Dispose();
            _writer = null;
        }
    }
}
