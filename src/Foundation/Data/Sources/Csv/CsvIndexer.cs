using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using EventMl.Data.Sources.Text;

namespace EventMl.Data.Sources.Csv;

/// <summary>
/// Finds delimiters and newlines outside quotes (RFC 4180), 64 bytes at a time. A quote opens only at the beginning of a field; inside one,
/// two stand for one, and what follows the closing one is left for the parser to refuse.
/// </summary>
internal ref struct CsvIndexer(byte delimiter, byte? comment)
{
    private const byte Quote = (byte)'"';
    private const byte NewLine = (byte)'\n';
    private bool _inQuotes;
    private int _closedAt;
    private int _skipUntil;
    private int _fieldStart;

    /// <summary>Whether the text ended inside quotes.</summary>
    public readonly bool IsOpen => _inQuotes;

    /// <summary>Indexes <c>text[..length]</c>, which begins with a row and is followed by <see cref="TextScanner{TChunk}.Padding"/> zeros.</summary>
    public void Run(byte[] text, int length, CsvIndex index)
    {
        (_inQuotes, _closedAt, _fieldStart) = (false, -2, 0);
        _skipUntil = SkipFrom(text, 0, length);
        var (delimiters, newLines, quotes) = (Vector256.Create(delimiter), Vector256.Create(NewLine), Vector256.Create(Quote));
        ref var start = ref MemoryMarshal.GetArrayDataReference(text);
        for (var at = 0; at < length; at += 64)
        {
            var low = Vector256.LoadUnsafe(ref start, (nuint)at);
            var high = Vector256.LoadUnsafe(ref start, (nuint)at + 32);
            var ends = Bits(Vector256.Equals(low, delimiters), Vector256.Equals(high, delimiters));
            var rows = Bits(Vector256.Equals(low, newLines), Vector256.Equals(high, newLines));
            var quoted = Bits(Vector256.Equals(low, quotes), Vector256.Equals(high, quotes));
            var valid = length - at >= 64 ? ulong.MaxValue : (1UL << (length - at)) - 1;
            if (quoted == 0 && !_inQuotes && comment is null)
            {
                AddPlain((ends | rows) & valid, rows, at, index);
            }
            else
            {
                AddCarefully((ends | rows | quoted) & valid, rows, quoted, at, text, length, index);
            }
        }
    }

    private static ulong Bits(Vector256<byte> low, Vector256<byte> high) => low.ExtractMostSignificantBits() | ((ulong)high.ExtractMostSignificantBits() << 32);

    private void AddPlain(ulong bits, ulong rows, int at, CsvIndex index)
    {
        if (bits == 0)
        {
            return;
        }

        var (ends, rowEnds) = index.Reserve(64);
        var (count, rowCount) = (index.Count, index.RowCount);
        do
        {
            var bit = BitOperations.TrailingZeroCount(bits);
            ends[count++] = at + bit;
            rowEnds[rowCount] = count;
            rowCount += (int)(rows >> bit) & 1;
            bits &= bits - 1;
        }
        while (bits != 0);
        _fieldStart = ends[count - 1] + 1;
        index.Added(count, rowCount);
    }

    private void AddCarefully(ulong bits, ulong rows, ulong quotes, int at, byte[] text, int length, CsvIndex index)
    {
        var (ends, rowEnds) = index.Reserve(64);
        var (count, rowCount) = (index.Count, index.RowCount);
        for (; bits != 0; bits &= bits - 1)
        {
            var bit = BitOperations.TrailingZeroCount(bits);
            var position = at + bit;
            if (position < _skipUntil)
            {
                continue;
            }

            if (((quotes >> bit) & 1) != 0)
            {
                TakeQuote(position);
            }
            else if (!_inQuotes)
            {
                ends[count++] = position;
                _fieldStart = position + 1;
                if (((rows >> bit) & 1) != 0)
                {
                    rowEnds[rowCount++] = count;
                    _skipUntil = SkipFrom(text, position + 1, length);
                }
            }
        }

        index.Added(count, rowCount);
    }

    private void TakeQuote(int position)
    {
        if (_inQuotes)
        {
            (_inQuotes, _closedAt) = (false, position);
        }
        else if (position == _fieldStart || position == _closedAt + 1)
        {
            _inQuotes = true;
        }
    }

    // A comment is one field up to its newline, whatever stands in it.
    private readonly int SkipFrom(byte[] text, int rowStart, int length)
    {
        if (comment is null || rowStart >= length || text[rowStart] != comment)
        {
            return rowStart;
        }

        var end = text.AsSpan(rowStart, length - rowStart).IndexOf(NewLine);
        return end < 0 ? length : rowStart + end;
    }
}
