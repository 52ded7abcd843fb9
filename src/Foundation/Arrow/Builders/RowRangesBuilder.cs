using System.Numerics;

namespace EventMl.Arrow;

/// <summary>Collects which items belong to the rows of a list.</summary>
internal abstract class RowRangesBuilder
{
    /// <summary>Ends a row at an item; it began where the last one ended.</summary>
    public abstract void EndRow(int items);

    public abstract RowRanges Build();
}

internal sealed class OffsetRangesBuilder<T> : RowRangesBuilder
    where T : unmanaged, IBinaryInteger<T>
{
    private readonly ByteBuffer _offsets = new();

    public OffsetRangesBuilder() => _offsets.Append(T.Zero);

    public override void EndRow(int items) => _offsets.Append(T.CreateTruncating(items));

    public override RowRanges Build()
    {
        var ranges = new OffsetRanges<T>(_offsets.Take());
        _offsets.Append(T.Zero);
        return ranges;
    }
}

internal sealed class ViewRangesBuilder<T> : RowRangesBuilder
    where T : unmanaged, IBinaryInteger<T>
{
    private readonly ByteBuffer _offsets = new();
    private readonly ByteBuffer _sizes = new();
    private int _start;

    public override void EndRow(int items)
    {
        _offsets.Append(T.CreateTruncating(_start));
        _sizes.Append(T.CreateTruncating(items - _start));
        _start = items;
    }

    public override RowRanges Build()
    {
        _start = 0;
        return new ViewRanges<T>(_offsets.Take(), _sizes.Take());
    }
}
