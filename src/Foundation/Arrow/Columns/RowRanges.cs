using System.Numerics;
using System.Runtime.InteropServices;

namespace EventMl.Arrow;

/// <summary>Which items belong to the rows of a list.</summary>
internal abstract class RowRanges
{
    public abstract Range Get(int row);

    public abstract void Flatten(BodyLayout body);

    /// <summary>The ranges of several columns whose items are joined; <paramref name="items"/> tells how many each has.</summary>
    public abstract RowRanges Join(IReadOnlyList<RowRanges> parts, IReadOnlyList<int> items);
}

/// <summary>Rows behind one another, found by n + 1 offsets.</summary>
internal sealed class OffsetRanges<T>(ReadOnlyMemory<byte> offsets) : RowRanges
    where T : unmanaged, IBinaryInteger<T>
{
    private ReadOnlySpan<T> Offsets => MemoryMarshal.Cast<byte, T>(offsets.Span);

    public override Range Get(int row)
    {
        var all = Offsets;
        return int.CreateTruncating(all[row])..int.CreateTruncating(all[row + 1]);
    }

    public override void Flatten(BodyLayout body) => body.Buffer(offsets);

    public override RowRanges Join(IReadOnlyList<RowRanges> parts, IReadOnlyList<int> items)
    {
        var joined = new ByteBuffer();
        joined.Append(T.Zero);
        var start = T.Zero;
        for (var p = 0; p < parts.Count; p++)
        {
            var own = ((OffsetRanges<T>)parts[p]).Offsets;
            // Two rows share each offset, so no part may have items before its first row or behind its last one.
            if (own[0] != T.Zero || int.CreateTruncating(own[^1]) != items[p])
                throw new ArrowFormatException("A dictionary of lists that begin or end inside their items cannot be continued; write whole dictionaries.");
            foreach (var end in own[1..])
                joined.Append(start + end);
            start += own[^1];
        }

        return new OffsetRanges<T>(joined.Take());
    }
}

/// <summary>Rows anywhere among the items, found by offsets and sizes.</summary>
internal sealed class ViewRanges<T>(ReadOnlyMemory<byte> offsets, ReadOnlyMemory<byte> sizes) : RowRanges
    where T : unmanaged, IBinaryInteger<T>
{
    private ReadOnlySpan<T> Offsets => MemoryMarshal.Cast<byte, T>(offsets.Span);

    private ReadOnlySpan<T> Sizes => MemoryMarshal.Cast<byte, T>(sizes.Span);

    public override Range Get(int row)
    {
        var start = int.CreateTruncating(Offsets[row]);
        return start..(start + int.CreateTruncating(Sizes[row]));
    }

    public bool Fits(int row, int items)
    {
        var (offset, size) = (long.CreateTruncating(Offsets[row]), long.CreateTruncating(Sizes[row]));
        return offset >= 0 && size >= 0 && offset <= items && size <= items - offset;
    }

    public override void Flatten(BodyLayout body)
    {
        body.Buffer(offsets);
        body.Buffer(sizes);
    }

    public override RowRanges Join(IReadOnlyList<RowRanges> parts, IReadOnlyList<int> items)
    {
        var (starts, lengths) = (new ByteBuffer(), new ByteBuffer());
        var before = 0;
        for (var p = 0; p < parts.Count; p++)
        {
            var part = (ViewRanges<T>)parts[p];
            foreach (var offset in part.Offsets)
                starts.Append(offset + T.CreateTruncating(before));
            MemoryMarshal.AsBytes(part.Sizes).CopyTo(lengths.Extend(part.Sizes.Length * ArrowMath.SizeOf<T>()));
            before += items[p];
        }

        return new ViewRanges<T>(starts.Take(), lengths.Take());
    }
}
