using System.Buffers.Binary;

namespace EventMl.Data.Quality;

/// <summary>A 64-bit hash that is the same on every machine and in every year; it is no protection against chosen collisions.</summary>
internal static class StableHash
{
    private const ulong First = 0x9E3779B97F4A7C15;
    private const ulong Second = 0xD6E8FEB86659FD93;

    public static ulong Of(ReadOnlySpan<byte> bytes)
    {
        var hash = First ^ ((ulong)bytes.Length * Second);
        for (; bytes.Length >= 8; bytes = bytes[8..])
            hash = Fold(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        if (bytes.IsEmpty)
            return Mix(hash);
        var rest = 0UL;
        for (var i = 0; i < bytes.Length; i++)
            rest |= (ulong)bytes[i] << (8 * i);
        return Mix(Fold(hash ^ rest));
    }

    /// <summary>Two hashes in order as one.</summary>
    public static ulong Join(ulong left, ulong right) => Mix(Fold(left ^ First) ^ right);

    /// <summary>Spreads every bit over the word, one to one.</summary>
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    private static ulong Fold(ulong value)
    {
        var high = Math.BigMul(value, Second, out var low);
        return high ^ low ^ value;
    }
}
