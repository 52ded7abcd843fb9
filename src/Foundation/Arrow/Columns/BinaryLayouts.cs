using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EventMl.Arrow;

/// <summary>Where the bytes of a row are.</summary>
internal abstract class BinaryLayout
{
    public abstract ReadOnlySpan<byte> Get(int index);

    public abstract void Flatten(BodyLayout body);

    public abstract BinaryLayout Join(IReadOnlyList<BinaryLayout> parts);
}

/// <summary>Rows behind one another, found by n + 1 offsets.</summary>
internal sealed class OffsetLayout<T>(ReadOnlyMemory<byte> offsets, ReadOnlyMemory<byte> data) : BinaryLayout
    where T : unmanaged, IBinaryInteger<T>
{
    public ReadOnlySpan<T> Offsets => MemoryMarshal.Cast<byte, T>(offsets.Span);

    public ReadOnlySpan<byte> Data => data.Span;

    public override ReadOnlySpan<byte> Get(int index)
    {
        var all = Offsets;
        var start = int.CreateTruncating(all[index]);
        return data.Span.Slice(start, int.CreateTruncating(all[index + 1]) - start);
    }

    public override void Flatten(BodyLayout body)
    {
        body.Buffer(offsets);
        body.Buffer(data);
    }

    public override BinaryLayout Join(IReadOnlyList<BinaryLayout> parts)
    {
        var all = parts.Cast<OffsetLayout<T>>().ToList();
        var bytes = ArrowMath.Join([.. all.Select(p => p.Used)]);
        var joined = new ByteBuffer();
        joined.Append(T.Zero);
        var last = T.Zero;
        foreach (var part in all)
        {
            var own = part.Offsets;
            for (var i = 1; i < own.Length; i++)
                joined.Append(last + own[i] - own[0]);
            last += own[^1] - own[0];
        }

        return new OffsetLayout<T>(joined.Take(), bytes);
    }

    private ReadOnlyMemory<byte> Used => data[int.CreateTruncating(Offsets[0])..int.CreateTruncating(Offsets[^1])];
}

/// <summary>16-byte views: up to 12 bytes inside the view, longer ones in one of several buffers.</summary>
internal sealed class ViewLayout(ReadOnlyMemory<byte> views, IReadOnlyList<ReadOnlyMemory<byte>> data) : BinaryLayout
{
    public const int ViewSize = 16;
    public const int InlineLimit = 12;
    public const int PrefixSize = 4;

    public override ReadOnlySpan<byte> Get(int index)
    {
        var view = views.Span.Slice(index * ViewSize, ViewSize);
        var length = BinaryPrimitives.ReadInt32LittleEndian(view);
        return length <= InlineLimit
            ? view.Slice(sizeof(int), length)
            : data[BinaryPrimitives.ReadInt32LittleEndian(view[8..])].Span.Slice(BinaryPrimitives.ReadInt32LittleEndian(view[12..]), length);
    }

    public override void Flatten(BodyLayout body)
    {
        body.Buffer(views);
        body.Variadic(data);
    }

    public override BinaryLayout Join(IReadOnlyList<BinaryLayout> parts)
    {
        var joined = new ByteBuffer();
        var buffers = new List<ReadOnlyMemory<byte>>();
        foreach (var part in parts.Cast<ViewLayout>())
        {
            foreach (var view in MemoryMarshal.Cast<byte, View>(part.Views))
                joined.Append(view.Length > InlineLimit ? view with { Buffer = view.Buffer + buffers.Count } : view);
            buffers.AddRange(part.Data);
        }

        return new ViewLayout(joined.Take(), buffers);
    }

    private ReadOnlySpan<byte> Views => views.Span;

    private IReadOnlyList<ReadOnlyMemory<byte>> Data => data;

    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    internal readonly record struct View(int Length, int Prefix, int Buffer, int Offset);
}
