using System.Buffers;
using EventMl.Data.Sources.Text;

namespace EventMl.Data.Sources.Csv;

/// <summary>Whole rows of CSV with the places of their fields.</summary>
internal sealed class CsvChunk(string source, byte[] buffer, int length, long offset, long firstLine, CsvIndex index) : TextChunk(source, buffer, length, offset, firstLine)
{
    public CsvIndex Index => index;

    /// <summary>Set where the chunk is one line that is no row.</summary>
    public string? Broken { get; init; }

    /// <summary>Whether the first row names the columns.</summary>
    public bool StartsWithHeader { get; init; }

    public override void Dispose()
    {
        index.Dispose();
        base.Dispose();
    }
}

/// <summary>Where fields end, and where rows do: row r has the fields up to <c>Rows[r]</c> (exclusive); a field begins behind the end of the one before.</summary>
internal sealed class CsvIndex : IDisposable
{
    private int[] _ends = ArrayPool<int>.Shared.Rent(1 << 16);
    private int[] _rows = ArrayPool<int>.Shared.Rent(1 << 14);

    public int Count { get; private set; }

    public int RowCount { get; private set; }

    public ReadOnlySpan<int> Ends => _ends.AsSpan(0, Count);

    public ReadOnlySpan<int> Rows => _rows.AsSpan(0, RowCount);

    public int Start(int field) => field == 0 ? 0 : _ends[field - 1] + 1;

    public int FirstField(int row) => row == 0 ? 0 : _rows[row - 1];

    /// <summary>Forgets the fields behind the last whole row.</summary>
    public void DropPartOfRow() => Count = RowCount == 0 ? 0 : _rows[RowCount - 1];

    /// <summary>Room for more fields and rows, to be counted by <see cref="Added"/>.</summary>
    public (int[] Ends, int[] Rows) Reserve(int fields)
    {
        Grow(ref _ends, Count, fields);
        Grow(ref _rows, RowCount, fields);
        return (_ends, _rows);
    }

    public void Added(int count, int rowCount) => (Count, RowCount) = (count, rowCount);

    public void Dispose()
    {
        ArrayPool<int>.Shared.Return(_ends);
        ArrayPool<int>.Shared.Return(_rows);
        (_ends, _rows, Count, RowCount) = ([], [], 0, 0);
    }

    private static void Grow(ref int[] array, int used, int more)
    {
        if (array.Length - used >= more)
        {
            return;
        }

        var larger = ArrayPool<int>.Shared.Rent(Math.Max(2 * array.Length, used + more));
        array.AsSpan(0, used).CopyTo(larger);
        ArrayPool<int>.Shared.Return(array);
        array = larger;
    }
}
