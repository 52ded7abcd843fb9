using EventMl.Serving.Predicting;
using EventMl.Services.Tests.Platform;

namespace EventMl.Services.Tests.Serving;

public sealed class PngImageTests
{
    private const int Width = 7;
    private const int Height = 5;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Gives_the_pixels_back_when_rows_use_a_filter(byte filter)
    {
        foreach (var (colorType, samples) in new (byte, int)[] { (0, 1), (2, 3) })
        {
            var pixels = Pixels(samples);

            var image = PngImage.Decode(TestPng.Encode(Width, Height, colorType, samples, pixels, _ => filter));

            (image.Width, image.Height, image.Channels).ShouldBe((Width, Height, samples));
            image.Pixels.ShouldBe(pixels);
        }
    }

    [Fact]
    public void Gives_the_pixels_back_when_every_row_uses_another_filter() =>
        PngImage.Decode(TestPng.Encode(Width, Height, 2, 3, Pixels(3), y => (byte)(4 - y))).Pixels.ShouldBe(Pixels(3));

    [Theory]
    [InlineData(4, 2, 1)]
    [InlineData(6, 4, 3)]
    public void Leaves_alpha_out_when_there_is_one(byte colorType, int samples, int channels)
    {
        var pixels = Pixels(samples);

        var image = PngImage.Decode(TestPng.Encode(Width, Height, colorType, samples, pixels, _ => 4));

        image.Channels.ShouldBe(channels);
        image.Pixels.ShouldBe(pixels.Chunk(samples).SelectMany(p => p[..channels]).ToArray());
    }

    [Fact]
    public void Looks_colours_up_when_there_is_a_palette()
    {
        byte[] palette = [10, 20, 30, 40, 50, 60];

        var image = PngImage.Decode(TestPng.Encode(2, 1, 3, 1, [1, 0], _ => 0, palette));

        image.Channels.ShouldBe(3);
        image.Pixels.ShouldBe([40, 50, 60, 10, 20, 30]);
        Refused(TestPng.Encode(2, 1, 3, 1, [2, 0], _ => 0, palette)).ShouldContain("palette");
        Refused(TestPng.Encode(2, 1, 3, 1, [0, 0], _ => 0)).ShouldContain("palette");
    }

    [Fact]
    public void Says_that_it_is_damaged_when_it_ends_anywhere()
    {
        var png = TestPng.Grey(Width, Height, Pixels(1));

        for (var length = TestPng.Signature.Length; length < png.Length - 11; length++)
        {
            Refused(png[..length]).ShouldNotBeEmpty();
        }
    }

    [Fact]
    public void Never_throws_anything_else_when_single_bytes_are_changed()
    {
        var png = TestPng.Encode(Width, Height, 2, 3, Pixels(3), y => (byte)y);
        for (var i = TestPng.Signature.Length; i < png.Length; i++)
        {
            foreach (var value in new byte[] { 0, 1, 0x7F, 0x80, 0xFF })
            {
                var changed = png.ToArray();
                changed[i] = value;
                try
                {
                    PngImage.Decode(changed);
                }
                catch (InvalidInputException e)
                {
                    e.Message.ShouldNotBeEmpty();
                }
            }
        }
    }

    [Theory]
    [InlineData(0, 8, 0, 0, "0 x 5")]
    [InlineData(100_000, 8, 0, 0, "at most")]
    [InlineData(7, 16, 0, 0, "8 bits")]
    [InlineData(7, 8, 0, 1, "interlacing")]
    [InlineData(7, 8, 5, 0, "colour type 5")]
    public void Says_what_it_takes_when_the_header_names_something_else(int width, byte depth, byte colorType, byte interlace, string reason)
    {
        byte[] png = [.. TestPng.Signature, .. TestPng.Chunk("IHDR", TestPng.Header(width, width == 100_000 ? width : Height, colorType, depth, interlace)), .. TestPng.Chunk("IEND", [])];

        Refused(png).ShouldContain(reason);
    }

    [Fact]
    public void Says_that_it_is_damaged_when_a_filter_does_not_exist_or_the_header_is_missing()
    {
        Refused(TestPng.Encode(Width, Height, 0, 1, Pixels(1), _ => 5)).ShouldContain("filter 5");
        Refused([.. TestPng.Signature, .. TestPng.Chunk("IEND", [])]).ShouldContain("header");
    }

    [Fact]
    public void Asks_whether_the_size_fits_before_it_takes_memory_for_the_pixels()
    {
        byte[] png = [.. TestPng.Signature, .. TestPng.Chunk("IHDR", TestPng.Header(8000, 8000, 6)), .. TestPng.Chunk("IEND", [])];
        var before = GC.GetAllocatedBytesForCurrentThread();

        Should.Throw<InvalidInputException>(() => PngImage.Decode(png, (w, h) => throw new InvalidInputException($"{w} x {h}"))).Message.ShouldBe("8000 x 8000");

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1 << 20);
    }

    private static string Refused(byte[] png) => Should.Throw<InvalidInputException>(() => PngImage.Decode(png)).Message;

    private static byte[] Pixels(int samples)
    {
        var pixels = new byte[Width * Height * samples];
        new Random(samples).NextBytes(pixels);
        return pixels;
    }
}
