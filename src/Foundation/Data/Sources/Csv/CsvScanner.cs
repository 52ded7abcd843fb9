using EventMl.Data.Sources.Text;

namespace EventMl.Data.Sources.Csv;

/// <summary>Cuts CSV into chunks of whole rows with their index.</summary>
internal sealed class CsvScanner(TextInput input, CsvOptions options) : TextScanner<CsvChunk>(input, options)
{
    private bool _headerIsPast = !options.HasHeader;

    protected override (CsvChunk? Chunk, int Used) Cut(byte[] buffer, int length, bool isEnd, bool mustGive, long offset, long line)
    {
        var index = new CsvIndex();
        var indexer = new CsvIndexer(options.Delimiter, options.Comment);
        indexer.Run(buffer, length, index);
        if (isEnd && !indexer.IsOpen && buffer[length - 1] != '\n')
        {
            // The last row needs no newline; the zero behind the text stands for it.
            var (ends, rows) = index.Reserve(1);
            ends[index.Count] = length;
            rows[index.RowCount] = index.Count + 1;
            index.Added(index.Count + 1, index.RowCount + 1);
        }

        index.DropPartOfRow();
        if (index.RowCount > 0)
        {
            var used = Math.Min(index.Ends[^1] + 1, length);
            return (New(buffer, used, offset, line, index, null), used);
        }

        if (mustGive && indexer.IsOpen)
        {
            // One quote too many would swallow the rest of the file; only its line is given up.
            var end = buffer.AsSpan(0, length).IndexOf((byte)'\n');
            var used = end < 0 ? length : end + 1;
            if (end >= 0 || isEnd)
            {
                return (New(buffer, used, offset, line, index, "a quote is not closed"), used);
            }
        }

        index.Dispose();
        return (null, 0);
    }

    private CsvChunk New(byte[] buffer, int length, long offset, long line, CsvIndex index, string? broken)
    {
        var chunk = new CsvChunk(Input.Name, buffer, length, offset, line, index) { Broken = broken, StartsWithHeader = !_headerIsPast };
        _headerIsPast = true;
        return chunk;
    }
}
