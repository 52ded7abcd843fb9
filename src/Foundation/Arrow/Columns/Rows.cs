using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EventMl.Arrow;

/// <summary>How many rows a column has and which of them are null; <c>Validity</c> is empty when none is.</summary>
internal readonly record struct Rows(int Length, int NullCount, ReadOnlyMemory<byte> Validity)
{
    public bool IsNull(int row) => NullCount != 0 && (Validity.Span[row >> 3] & (1 << (row & 7))) == 0;

    public static int CountNulls(ReadOnlySpan<byte> validity, int length)
    {
        var valid = 0;
        var whole = length / 64;
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(validity)[..whole])
            valid += BitOperations.PopCount(word);
        for (var i = whole * 64; i < length; i++)
            valid += (validity[i >> 3] >> (i & 7)) & 1;
        return length - valid;
    }

    /// <summary>The rows of several columns behind one another.</summary>
    public static Rows Join(IReadOnlyList<Column> parts)
    {
        var length = ArrowMath.Sum(parts, p => p.Length);
        var nulls = parts.Sum(p => p.NullCount);
        if (nulls == 0)
            return new Rows(length, 0, default);
        var bits = new BitBuffer();
        foreach (var part in parts)
            bits.Append(part.Validity, part.Length);
        return new Rows(length, nulls, bits.Take());
    }
}

/// <summary>Small calculations on offsets.</summary>
internal static class ArrowMath
{
    public static int SizeOf<T>() => Unsafe.SizeOf<T>();

    /// <exception cref="ArrowFormatException">The sum is more than one column can hold.</exception>
    public static int Sum<T>(IEnumerable<T> parts, Func<T, int> size)
    {
        var sum = parts.Sum(p => (long)size(p));
        return sum <= Array.MaxLength ? (int)sum : throw new ArrowFormatException($"Joined parts make {sum} rows or bytes; one column takes at most {Array.MaxLength}.");
    }

    public static byte[] Join(IReadOnlyList<ReadOnlyMemory<byte>> parts)
    {
        var joined = new byte[Sum(parts, p => p.Length)];
        var at = 0;
        foreach (var part in parts)
        {
            part.Span.CopyTo(joined.AsSpan(at));
            at += part.Length;
        }

        return joined;
    }

    /// <summary>The position of the first offset that is smaller than the one before it, or -1.</summary>
    public static int FindFall<T>(ReadOnlySpan<T> offsets)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (offsets.IsEmpty)
            return -1;
        if (offsets[0] < T.Zero)
            return 0;
        var i = 1;
        for (; i + Vector<T>.Count <= offsets.Length; i += Vector<T>.Count)
        {
            if (Vector.LessThanAny(new Vector<T>(offsets[i..]), new Vector<T>(offsets[(i - 1)..])))
                break;
        }

        for (; i < offsets.Length; i++)
        {
            if (offsets[i] < offsets[i - 1])
                return i;
        }

        return -1;
    }
}
