using System.Runtime.InteropServices;

namespace EventMl.Arrow;

/// <summary>Growing bytes that are handed out whole, then start again.</summary>
internal sealed class ByteBuffer
{
    private byte[] _bytes = [];

    public int Length { get; private set; }

    public Span<byte> Extend(int count)
    {
        var needed = checked(Length + count);
        if (needed > _bytes.Length)
            Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max(needed, Math.Max(256, 2L * _bytes.Length))));
        var span = _bytes.AsSpan(Length, count);
        Length = needed;
        return span;
    }

    public void Append<T>(T value)
        where T : unmanaged =>
        MemoryMarshal.Write(Extend(System.Runtime.CompilerServices.Unsafe.SizeOf<T>()), in value);

    public Span<byte> Written() => _bytes.AsSpan(0, Length);

    /// <summary>The bytes so far; the next ones go to a new array of the same capacity.</summary>
    public ReadOnlyMemory<byte> Take()
    {
        var taken = _bytes.AsMemory(0, Length);
        _bytes = new byte[_bytes.Length];
        Length = 0;
        return taken;
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
            _bytes.Written()[Length >> 3] |= (byte)(1 << (Length & 7));
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

    public ReadOnlyMemory<byte> Take()
    {
        Length = 0;
        return _bytes.Take();
    }
}
