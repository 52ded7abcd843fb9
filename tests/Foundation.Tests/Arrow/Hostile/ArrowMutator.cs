using System.Buffers.Binary;

namespace EventMl.Foundation.Tests.Arrow.Hostile;

// A repeatable sequence is the point of every random number here.
#pragma warning disable CA5394

/// <summary>Damages valid Arrow bytes where it hurts: metadata words, buffer contents, lengths, offsets, whole pieces.</summary>
internal sealed class ArrowMutator(int seed)
{
    private const int Continuation = -1;
    private static readonly long[] s_interesting =
        [0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 63, 64, 127, 128, 255, 256, 32_767, 65_535, int.MaxValue - 1L, int.MaxValue, uint.MaxValue, long.MaxValue, -1, -2, -8, int.MinValue, long.MinValue];

    private readonly Random _random = new(seed);

    public byte[] Mutate(byte[] original, byte[] other)
    {
        var bytes = (byte[])original.Clone();
        var metadata = FindMetadata(original);
        for (var rounds = _random.Next(1, 5); rounds > 0 && bytes.Length > 16; rounds--)
        {
            switch (_random.Next(12))
            {
                case 0: Flip(bytes, (0, bytes.Length)); break;
                case 1 or 2: Flip(bytes, Pick(metadata, bytes)); break;
                case 3 or 4 or 5: SetWord(bytes, Pick(metadata, bytes)); break;
                case 6 or 7: SetWord(bytes, (0, bytes.Length)); break;
                case 8: Nudge(bytes, Pick(metadata, bytes)); break;
                case 9: Copy(bytes, bytes); break;
                case 10: Copy(other, bytes); break;
                default: bytes = Resize(bytes); break;
            }
        }

        return bytes;
    }

    /// <summary>Where the messages' metadata and the footer lie.</summary>
    public static List<(int Start, int End)> FindMetadata(byte[] bytes)
    {
        var found = new List<(int, int)>();
        var at = bytes.AsSpan().StartsWith("ARROW1"u8) ? 8 : 0;
        while (at + 8 <= bytes.Length && BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at)) == Continuation)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at + 4));
            if (length <= 0 || at + 8 + length > bytes.Length)
                break;
            found.Add((at, at + 8 + length));
            at += 8 + length + (int)BodyLength(bytes.AsSpan(at + 8, length));
        }

        found.Add((Math.Min(at, Math.Max(0, bytes.Length - 16)), bytes.Length));
        return found;
    }

    private static long BodyLength(ReadOnlySpan<byte> message)
    {
        var table = BinaryPrimitives.ReadInt32LittleEndian(message);
        var vtable = table - BinaryPrimitives.ReadInt32LittleEndian(message[table..]);
        const int BodySlot = 4 + (2 * 3);
        if (BinaryPrimitives.ReadInt16LittleEndian(message[vtable..]) <= BodySlot)
            return 0;
        var offset = BinaryPrimitives.ReadUInt16LittleEndian(message[(vtable + BodySlot)..]);
        return offset == 0 ? 0 : BinaryPrimitives.ReadInt64LittleEndian(message[(table + offset)..]);
    }

    private (int Start, int End) Pick(List<(int Start, int End)> parts, byte[] bytes)
    {
        var (start, end) = parts[_random.Next(parts.Count)];
        return end <= bytes.Length ? (start, end) : (0, bytes.Length);
    }

    private void Flip(byte[] bytes, (int Start, int End) part) =>
        bytes[_random.Next(part.Start, part.End)] ^= (byte)(1 << _random.Next(8));

    private void SetWord(byte[] bytes, (int Start, int End) part)
    {
        var size = 1 << _random.Next(4);
        var at = Math.Min(_random.Next(part.Start, part.End) & -size, bytes.Length - 8);
        var value = _random.Next(4) == 0 ? _random.NextInt64(bytes.Length) : s_interesting[_random.Next(s_interesting.Length)];
        Span<byte> word = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(word, value);
        word[..size].CopyTo(bytes.AsSpan(at));
    }

    private void Nudge(byte[] bytes, (int Start, int End) part)
    {
        var at = Math.Min(_random.Next(part.Start, part.End) & ~3, bytes.Length - 4);
        var word = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at));
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), unchecked(word + _random.Next(-9, 10)));
    }

    private void Copy(byte[] from, byte[] to)
    {
        var length = _random.Next(1, Math.Min(Math.Min(from.Length, to.Length), 200));
        from.AsSpan(_random.Next(from.Length - length) & ~7, length).CopyTo(to.AsSpan(_random.Next(to.Length - length) & ~7));
    }

    private byte[] Resize(byte[] bytes)
    {
        var at = _random.Next(bytes.Length);
        var length = Math.Min(bytes.Length - at, _random.Next(1, 65));
        return _random.Next(3) switch
        {
            0 => bytes[..at],
            1 => [.. bytes[..at], .. bytes[(at + length)..]],
            _ => [.. bytes[..at], .. bytes[at..(at + length)], .. bytes[at..]],
        };
    }
}
