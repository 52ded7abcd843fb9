using System.Numerics;
using System.Runtime.InteropServices;

namespace EventMl.Arrow;

/// <summary>A signed number of 256 bits as Arrow stores it: four words, the least significant first. Use <see cref="BigInteger"/> to calculate.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct Int256(ulong Word0, ulong Word1, ulong Word2, ulong Word3)
{
    private const int Bytes = 32;

    /// <summary>The number that fits, or an error.</summary>
    /// <exception cref="OverflowException">The number needs more than 256 bits.</exception>
    public static explicit operator Int256(BigInteger value) => FromBigInteger(value);

    /// <summary>The same number.</summary>
    public static implicit operator BigInteger(Int256 value) => value.ToBigInteger();

    /// <inheritdoc cref="op_Explicit(BigInteger)"/>
    public static Int256 FromBigInteger(BigInteger value)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        bytes.Fill(value.Sign < 0 ? (byte)0xFF : (byte)0);
        return value.TryWriteBytes(bytes, out _)
            ? MemoryMarshal.Read<Int256>(bytes)
            : throw new OverflowException("The number needs more than 256 bits.");
    }

    /// <summary>The same number.</summary>
    public BigInteger ToBigInteger()
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        MemoryMarshal.Write(bytes, in this);
        return new BigInteger(bytes);
    }

    /// <inheritdoc />
    public override string ToString() => ToBigInteger().ToString();
}
