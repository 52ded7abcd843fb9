using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EventMl.Arrow.Format;

/// <summary>LZ4 blocks: literals and matches within the last 64 KiB.</summary>
internal static unsafe class Lz4Block
{
    private const int MinMatch = 4;
    private const int MaxDistance = ushort.MaxValue;
    private const int Chunk = 16;

    // The format ends a block with at least five literals and begins no match in its last twelve bytes.
    private const int LastLiterals = 5;
    private const int MatchLimit = 12;
    private const int HashBits = 14;

    [ThreadStatic]
    private static int[]? t_seen;

    /// <summary>Unpacks a block behind what is already in <paramref name="output"/>; returns the new length, or -1 where the block is damaged.</summary>
    public static int Unpack(ReadOnlySpan<byte> block, Span<byte> output, int written)
    {
        fixed (byte* from = block)
        fixed (byte* start = output)
        {
            var end = Unpack(from, from + block.Length, start, start + written, start + output.Length);
            return end == null ? -1 : (int)(end - start);
        }
    }

    /// <summary>Packs a block of at most 2 GiB into a span that has room for <c>length + length / 255 + 16</c> bytes; returns the packed length.</summary>
    public static int Pack(ReadOnlySpan<byte> plain, Span<byte> packed)
    {
        var seen = t_seen ??= new int[1 << HashBits];
        Array.Clear(seen);
        var (anchor, at, to) = (0, 0, 0);
        var lastMatch = plain.Length - MatchLimit;
        fixed (byte* p = plain)
        {
            while (at < lastMatch)
            {
                var word = Unsafe.ReadUnaligned<uint>(p + at);
                ref var slot = ref seen[Hash(word)];
                var candidate = slot - 1;
                slot = at + 1;
                if (candidate < 0 || at - candidate > MaxDistance || Unsafe.ReadUnaligned<uint>(p + candidate) != word)
                {
                    // The longer nothing repeats, the larger the steps.
                    at += 1 + ((at - anchor) >> 6);
                    continue;
                }

                while (at > anchor && candidate > 0 && p[at - 1] == p[candidate - 1])
                {
                    at--;
                    candidate--;
                }

                var length = MinMatch + CommonLength(p + at + MinMatch, p + candidate + MinMatch, plain.Length - LastLiterals - at - MinMatch);
                to = PutSequence(packed, to, plain[anchor..at], at - candidate, length);
                at += length;
                anchor = at;
                if (at < lastMatch)
                    seen[Hash(Unsafe.ReadUnaligned<uint>(p + at - 2))] = at - 1;
            }
        }

        return PutSequence(packed, to, plain[anchor..], 0, 0);
    }

    private static int Hash(uint word) => (int)((word * 2654435761u) >> (32 - HashBits));

    private static int CommonLength(byte* a, byte* b, int limit)
    {
        var i = 0;
        for (; i + sizeof(ulong) <= limit; i += sizeof(ulong))
        {
            var difference = Unsafe.ReadUnaligned<ulong>(a + i) ^ Unsafe.ReadUnaligned<ulong>(b + i);
            if (difference != 0)
                return i + (BitOperations.TrailingZeroCount(difference) >> 3);
        }

        while (i < limit && a[i] == b[i])
            i++;
        return i;
    }

    /// <summary>Writes literals and, unless its length is 0, the match behind them.</summary>
    private static int PutSequence(Span<byte> packed, int to, ReadOnlySpan<byte> literals, int distance, int match)
    {
        var token = to++;
        var rest = match == 0 ? 0 : match - MinMatch;
        packed[token] = (byte)((Math.Min(literals.Length, 15) << 4) | Math.Min(rest, 15));
        to = PutLength(packed, to, literals.Length);
        literals.CopyTo(packed[to..]);
        to += literals.Length;
        if (match == 0)
            return to;
        BinaryPrimitives.WriteUInt16LittleEndian(packed[to..], (ushort)distance);
        return PutLength(packed, to + 2, rest);
    }

    private static int PutLength(Span<byte> packed, int to, int length)
    {
        if (length < 15)
            return to;
        for (length -= 15; length >= 255; length -= 255)
            packed[to++] = 255;
        packed[to++] = (byte)length;
        return to;
    }

    /// <summary>Every step is checked against what is left of both sides; null says that something did not fit.</summary>
    private static byte* Unpack(byte* from, byte* fromEnd, byte* start, byte* to, byte* toEnd)
    {
        while (from < fromEnd)
        {
            var token = *from++;
            var literals = ExtendedLength(token >> 4, ref from, fromEnd);
            if (literals > fromEnd - from || literals > toEnd - to)
                return null;
            if (literals <= Chunk && fromEnd - from >= Chunk && toEnd - to >= Chunk)
                Vector128.Load(from).Store(to);
            else
                Buffer.MemoryCopy(from, to, literals, literals);
            from += literals;
            to += literals;
            if (from == fromEnd)
                return to;
            if (fromEnd - from < 2)
                return null;
            var distance = Unsafe.ReadUnaligned<ushort>(from);
            from += 2;
            var match = ExtendedLength(token & 15, ref from, fromEnd) + MinMatch;
            if (distance == 0 || distance > to - start || match > toEnd - to)
                return null;
            Repeat(to, distance, match, toEnd);
            to += match;
        }

        // A block ends with literals, never with a match; an empty one has none.
        return null;
    }

    /// <summary>Copies a match; one that overlaps what it writes is how runs are packed.</summary>
    private static void Repeat(byte* to, int distance, long match, byte* toEnd)
    {
        var hasRoom = toEnd - to >= match + Chunk;
        long i = 0;
        if (hasRoom && distance >= Chunk)
        {
            for (; i < match; i += Chunk)
                Vector128.Load(to + i - distance).Store(to + i);
        }
        else if (hasRoom && distance >= sizeof(ulong))
        {
            for (; i < match; i += sizeof(ulong))
                Unsafe.WriteUnaligned(to + i, Unsafe.ReadUnaligned<ulong>(to + i - distance));
        }
        else if (distance == 1)
        {
            new Span<byte>(to, (int)match).Fill(*(to - 1));
        }
        else
        {
            // Once the pattern stands there often enough, it is copied in pieces of many of it.
            var stride = distance * ((Chunk + distance - 1) / distance);
            for (; i < match && (!hasRoom || i < stride - distance); i++)
                to[i] = to[i - distance];
            for (; i < match; i += Chunk)
                Vector128.Load(to + i - stride).Store(to + i);
        }
    }

    /// <summary>A length whose nibble is full goes on in bytes; where these end early the length is more than anything has.</summary>
    private static long ExtendedLength(int nibble, ref byte* from, byte* fromEnd)
    {
        long length = nibble;
        if (nibble != 15)
            return length;
        while (from < fromEnd)
        {
            var more = *from++;
            length += more;
            if (more != 255)
                return length;
        }

        return int.MaxValue;
    }
}
