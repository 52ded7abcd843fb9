using EventMl.Arrow;

namespace EventMl.Data.Sources.Text;

/// <summary>Reads texts one behind the other; chunks are parsed at the same time, and come out in order.</summary>
internal abstract class TextSource<TChunk>(IReadOnlyList<Func<TextInput>> inputs, long totalBytes, TextOptions options, IBadRowSink badRows) : IBatchSource
    where TChunk : TextChunk
{
    private TextScanner<TChunk>? _scanner;
    private TChunk? _first;
    private long _done;
    private bool _begun;

    public abstract ArrowSchema Schema { get; }

    public SourceProgress Progress => new(Math.Min(Interlocked.Read(ref _done) + (_scanner?.Input.Taken ?? 0), totalBytes > 0 ? totalBytes : long.MaxValue), totalBytes, "bytes");

    public IEnumerable<RecordBatch> Read(CancellationToken cancellationToken)
    {
        if (_begun)
        {
            throw new InvalidOperationException("A source is read once.");
        }

        _begun = true;
        var running = new Queue<Task<ParsedChunk>>();
        foreach (var chunk in Chunks())
        {
            cancellationToken.ThrowIfCancellationRequested();
            running.Enqueue(Task.Run(() => ParseAndFree(chunk), CancellationToken.None));
            if (running.Count > options.Parallelism && Take(running) is { Length: > 0 } batch)
            {
                yield return batch;
            }
        }

        while (running.Count > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Take(running) is { Length: > 0 } batch)
            {
                yield return batch;
            }
        }
    }

    public void Dispose()
    {
        _first?.Dispose();
        _scanner?.Dispose();
    }

    /// <summary>Opens the first text and reads its first chunk, from which the columns are found; null where there is nothing in it.</summary>
    protected TChunk? Begin()
    {
        _scanner = Scan(inputs[0]());
        return _first = _scanner.Next();
    }

    protected abstract TextScanner<TChunk> Scan(TextInput input);

    /// <summary>Sees the first chunk of each text but the first, before it is parsed.</summary>
    protected abstract void CheckStart(TChunk first);

    /// <summary>A chunk as a batch; called from several threads.</summary>
    protected abstract ParsedChunk Parse(TChunk chunk);

    private IEnumerable<TChunk> Chunks()
    {
        for (var i = 0; i < inputs.Count; i++)
        {
            _scanner ??= Scan(inputs[i]());
            var chunk = i == 0 ? _first : _scanner.Next();
            _first = null;
            if (i > 0 && chunk is not null)
            {
                CheckStart(chunk);
            }

            for (; chunk is not null; chunk = _scanner.Next())
            {
                yield return chunk;
            }

            Interlocked.Add(ref _done, _scanner.Input.Taken);
            _scanner.Dispose();
            _scanner = null;
        }
    }

    private ParsedChunk ParseAndFree(TChunk chunk)
    {
        using (chunk)
        {
            return Parse(chunk);
        }
    }

    private RecordBatch Take(Queue<Task<ParsedChunk>> running)
    {
        var parsed = running.Dequeue().GetAwaiter().GetResult();
        foreach (var row in parsed.BadRows)
        {
            badRows.Add(row);
        }

        return parsed.Batch;
    }
}

/// <summary>What became of a chunk.</summary>
internal sealed record ParsedChunk(RecordBatch Batch, IReadOnlyList<BadRow> BadRows);
