using System.Buffers.Binary;
using System.Numerics;

namespace EventMl.Arrow;

/// <summary>Collects the bytes of rows and where each ends.</summary>
internal abstract class ByteRowsBuilder
{
    private protected ByteBuffer Data { get; } = new();

    /// <summary>Room for bytes of the row that is being built.</summary>
    public Span<byte> Extend(int bytes) => Data.Extend(bytes);

    /// <summary>Takes back room that was not needed.</summary>
    public void GiveBack(int bytes) => Data.GiveBack(bytes);

    public abstract void EndRow();

    public abstract BinaryLayout Build();
}

internal sealed class OffsetRowsBuilder<T> : ByteRowsBuilder
    where T : unmanaged, IBinaryInteger<T>
{
    private readonly ByteBuffer _offsets = new();

    public OffsetRowsBuilder() => _offsets.Append(T.Zero);

    public override void EndRow() => _offsets.Append(T.CreateTruncating(Data.Length));

    public override BinaryLayout Build()
    {
        var layout = new OffsetLayout<T>(_offsets.Take(), Data.Take());
        _offsets.Append(T.Zero);
        return layout;
    }
}

internal sealed class ViewRowsBuilder : ByteRowsBuilder
{
    private readonly ByteBuffer _views = new();
    private int _start;

    public override void EndRow()
    {
        var row = Data.Written()[_start..];
        var view = _views.Extend(ViewLayout.ViewSize);
        view.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(view, row.Length);
        if (row.Length <= ViewLayout.InlineLimit)
        {
            row.CopyTo(view[sizeof(int)..]);
            Data.GiveBack(row.Length);
        }
        else
        {
            row[..ViewLayout.PrefixSize].CopyTo(view[sizeof(int)..]);
            BinaryPrimitives.WriteInt32LittleEndian(view[12..], _start);
        }

        _start = Data.Length;
    }

    public override BinaryLayout Build()
    {
        var layout = new ViewLayout(_views.Take(), Data.Length == 0 ? [] : [Data.Take()]);
        _start = 0;
        return layout;
    }
}
