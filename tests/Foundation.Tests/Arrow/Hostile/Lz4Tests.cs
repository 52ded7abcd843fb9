using EventMl.Arrow.Format;

namespace EventMl.Foundation.Tests.Arrow.Hostile;

// A repeatable sequence is the point of every random number here.
#pragma warning disable CA5394

public sealed class Lz4Tests
{
    private const int Margin = 64;

    public static TheoryData<int, int> Contents
    {
        get
        {
            var contents = new TheoryData<int, int>();
            foreach (var length in (int[])[0, 1, 5, 12, 13, 14, 64, 1000, 65_535, 65_536, 200_000, 9_000_000])
            {
                foreach (var alphabet in (int[])[1, 3, 256])
                    contents.Add(length, alphabet);
            }

            return contents;
        }
    }

    [Theory]
    [MemberData(nameof(Contents))]
    public void Gives_back_what_was_packed_when_the_content_repeats_or_not(int length, int alphabet)
    {
        var plain = Content(length, alphabet, seed: length + alphabet);
        var codec = new Lz4Codec();
        var packed = new byte[codec.Bound(length)];
        var size = codec.Pack(plain, packed);

        var back = new byte[length];
        codec.Unpack(packed.AsSpan(0, size), back, "x");

        back.AsSpan().SequenceEqual(plain).ShouldBeTrue();
        if (alphabet == 1 && length > 1000)
            size.ShouldBeLessThan((length / 200) + 100);
    }

    [Fact]
    public void Stays_inside_both_sides_when_blocks_are_damaged()
    {
        for (var seed = 0; seed < 20_000; seed++)
        {
            var random = new Random(seed);
            var plain = Content(random.Next(1, 400), random.Next(1, 5), seed);
            var packed = new byte[plain.Length + (plain.Length / 255) + 16];
            var size = Lz4Block.Pack(plain, packed);
            for (var flips = random.Next(1, 4); flips > 0; flips--)
                packed[random.Next(size)] = (byte)random.Next(256);
            var cut = random.Next(4) == 0 ? random.Next(size + 1) : size;

            // What lies behind the block must not matter, and nothing around the output may change.
            var zeros = Unpack(packed.AsSpan(0, cut), 0, plain.Length);
            var ones = Unpack(packed.AsSpan(0, cut), 0xFF, plain.Length);

            zeros.Length.ShouldBe(ones.Length, $"seed {seed}");
            if (zeros.Length >= 0)
                zeros.Output.AsSpan(0, zeros.Length).SequenceEqual(ones.Output.AsSpan(0, ones.Length)).ShouldBeTrue($"seed {seed}");
        }
    }

    private static (int Length, byte[] Output) Unpack(ReadOnlySpan<byte> block, byte filler, int room)
    {
        var input = new byte[block.Length + Margin];
        input.AsSpan().Fill(filler);
        block.CopyTo(input);
        var output = new byte[Margin + room + Margin];
        var length = Lz4Block.Unpack(input.AsSpan(0, block.Length), output.AsSpan(Margin, room), 0);
        output.AsSpan(0, Margin).IndexOfAnyExcept((byte)0).ShouldBe(-1);
        output.AsSpan(Margin + room).IndexOfAnyExcept((byte)0).ShouldBe(-1);
        return (length, output[Margin..(Margin + room)]);
    }

    private static byte[] Content(int length, int alphabet, int seed)
    {
        var random = new Random(seed);
        var content = new byte[length];
        for (var i = 0; i < length; i++)
            content[i] = (byte)(1 + random.Next(alphabet));
        return content;
    }
}
