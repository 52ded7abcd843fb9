using System.Runtime.CompilerServices;

namespace EventMl.Arrow;

/// <summary>Growing bytes that are handed out whole, then start again.</summary>
internal sealed class ByteBuffer
{
    private const int Smallest = 256;
    private byte[] _bytes = [];
    private int _wanted = Smallest;

    public int Length { get; private set; }

    public Span<byte> Extend(int count)
    {
        if (count > _bytes.Length - Length)
            Grow(count);
        var span = _bytes.AsSpan(Length, count);
        Length += count;
        return span;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append<T>(T value)
        where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() > _bytes.Length - Length)
            Grow(Unsafe.SizeOf<T>());
        Unsafe.WriteUnaligned(ref _bytes[Length], value);
        Length += Unsafe.SizeOf<T>();
    }

    public void GiveBack(int count) => Length -= count;

    public Span<byte> Written() => _bytes.AsSpan(0, Length);

    /// <summary>The bytes so far; the next ones go to a new array, at once of the same capacity.</summary>
    public ReadOnlyMemory<byte> Take()
    {
        var taken = _bytes.AsMemory(0, Length);
        _wanted = Math.Max(_wanted, Length);
        _bytes = [];
        Length = 0;
        return taken;
    }

    private void Grow(int count)
    {
        var needed = (long)Length + count;
        if (needed > Array.MaxLength)
            throw new InvalidOperationException($"One column of a batch takes at most {Array.MaxLength} bytes; write smaller batches.");
        var bytes = GC.AllocateUninitializedArray<byte>((int)Math.Min(Array.MaxLength, Math.Max(needed, Math.Max(_wanted, 2L * _bytes.Length))));
        Written().CopyTo(bytes);
        _bytes = bytes;
    }
}

/// <summary>A growing bitmap, least significant bit first.</summary>
internal sealed class BitBuffer
{
    private readonly ByteBuffer _bytes = new();

    public int Length { get; private set; }

    public void Append(bool bit)
    {
        if ((Length & 7) == 0)
            _bytes.Extend(1)[0] = 0;
        if (bit)
            _bytes.Written()[^1] |= (byte)(1 << (Length & 7));
        Length++;
    }

    public void Append(bool bit, int count)
    {
        for (; count > 0 && (Length & 7) != 0; count--)
            Append(bit);
        _bytes.Extend(count / 8).Fill(bit ? (byte)0xFF : (byte)0);
        Length += count & ~7;
        for (count &= 7; count > 0; count--)
            Append(bit);
    }

    /// <summary>Appends bits of another bitmap; an empty one stands for ones only.</summary>
    public void Append(ReadOnlySpan<byte> bits, int count)
    {
        if (bits.IsEmpty)
        {
            Append(true, count);
            return;
        }

        for (var i = 0; i < count; i++)
            Append((bits[i >> 3] & (1 << (i & 7))) != 0);
    }

    public ReadOnlyMemory<byte> Take()
    {
        Length = 0;
        return _bytes.Take();
    }
}
