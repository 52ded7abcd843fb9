using System.Buffers.Binary;
using System.IO.Compression;
using EventMl.Arrow;
using EventMl.Data.Sources.Images;

namespace EventMl.Data.Tests.Sources;

public sealed class ImageSourceTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();
    private readonly Rows _rows = new();

    [Fact]
    public void Pixels_and_labels_are_read_when_folders_are_classes()
    {
        Write("cat/1.png", Png(2, 2, 8, 0, [[0, 1, 2], [0, 3, 4]]));
        Write("dog/1.png", Png(2, 2, 8, 0, [[1, 5, 1], [2, 1, 1]]));
        using var source = ImageSource.Open(_folder.FullName, new ImageOptions(), _rows);

        source.Schema.Fields[0].Metadata["shape"].ShouldBe("2,2");
        var rows = Rows.Of(source);
        rows.Select(r => (byte[])r[0]!).ShouldBe([[1, 2, 3, 4], [5, 6, 6, 7]]);
        rows.Select(r => r[1]).ShouldBe([0L, 1L]);
        rows.Select(r => r[2]).ShouldBe(["cat", "dog"]);
        rows.Select(r => r[6]).ShouldBe(["cat/1.png", "dog/1.png"]);
        source.Progress.Done.ShouldBe(2);
    }

    [Fact]
    public void Folders_named_by_numbers_are_those_labels()
    {
        Write("7/a.png", Png(1, 1, 8, 0, [[0, 9]]));
        Write("10/a.png", Png(1, 1, 8, 0, [[0, 9]]));
        using var source = ImageSource.Open(_folder.FullName, new ImageOptions(), _rows);

        Rows.Of(source).Select(r => r[1]).ShouldBe([10L, 7L]);
    }

    [Theory]
    [InlineData(1, 0, "0,80", "255,0")]
    [InlineData(2, 0, "0,1B", "0,85")]
    [InlineData(4, 0, "0,5F", "85,255")]
    [InlineData(16, 0, "0,12,FF,34,00", "18,52")]
    [InlineData(8, 4, "0,12,FF,34,00", "18,52")]
    public void Grey_of_every_depth_is_read(int depth, int color, string row, string pixels)
    {
        Write("a/1.png", Png(2, 1, depth, color, [[.. row.Split(',').Select(b => Convert.ToByte(b, 16))]]));
        using var source = ImageSource.Open(_folder.FullName, new ImageOptions(), _rows);

        ((byte[])Rows.Of(source)[0][0]!).ShouldBe(pixels.Split(',').Select(byte.Parse));
    }

    [Fact]
    public void Colours_lie_in_planes_when_palette_rgb_and_rgba_are_read()
    {
        Write("a/1.png", Png(2, 1, 8, 2, [[0, 1, 2, 3, 4, 5, 6]]));
        Write("a/2.png", Png(2, 1, 8, 6, [[0, 1, 2, 3, 255, 4, 5, 6, 0]]));
        Write("a/3.png", Png(2, 1, 1, 3, [[0, 0x40]], palette: [1, 2, 3, 4, 5, 6]));
        using var source = ImageSource.Open(_folder.FullName, new ImageOptions(), _rows);

        Rows.Of(source).Select(r => (byte[])r[0]!).ShouldAllBe(p => p.SequenceEqual(new byte[] { 1, 4, 2, 5, 3, 6 }));
        source.Schema.Fields[0].Metadata["shape"].ShouldBe("3,1,2");
    }

    [Fact]
    public void Interlaced_image_is_read_when_passes_are_in_order()
    {
        // 3 x 3: pass 1 has (0,0); pass 4 (2,0); pass 5 (0,2) (2,2); pass 6 (1,0) (1,2); pass 7 the middle row.
        Write("a/1.png", Png(3, 3, 8, 0, [[0, 1], [0, 3], [0, 7, 9], [0, 2], [0, 8], [0, 4, 5, 6]], interlaced: true));
        using var source = ImageSource.Open(_folder.FullName, new ImageOptions(), _rows);

        ((byte[])Rows.Of(source)[0][0]!).ShouldBe([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }

    [Fact]
    public void Bad_images_are_kept_out_with_the_reason()
    {
        var good = Png(2, 1, 8, 0, [[0, 1, 2]]);
        Write("a/1.png", good);
        Write("a/2.png", good[..^20]);
        Write("a/3.png", Png(1, 1, 8, 0, [[0, 1]]));
        Write("a/4.png", Png(2, 1, 8, 2, [[0, 1, 2, 3, 4, 5, 6]]));
        Write("a/5.png", "GIF89a"u8.ToArray());
        Write("a/6.png", []);
        Write("a/7.png", Png(1 << 20, 1 << 20, 8, 0, [[0, 1]]));
        var flipped = (byte[])good.Clone();
        flipped[45] ^= 1;
        Write("a/8.png", flipped);
        using var source = ImageSource.Open(_folder.FullName, new ImageOptions(), _rows);

        Rows.Of(source).Count.ShouldBe(1);
        _rows.Bad.Select(b => b.Source).ShouldBe(["a/2.png", "a/3.png", "a/4.png", "a/5.png", "a/6.png", "a/7.png", "a/8.png"]);
        _rows.Bad[1].Reason.ShouldBe("it has 1 × 1 pixels; 2 × 1 are expected");
        _rows.Bad[2].Reason.ShouldContain("set 'channels'");
        _rows.Bad[3].Reason.ShouldContain("neither PNG nor JPEG");
    }

    [Fact]
    public void Jpeg_is_read_through_the_library_and_refused_when_it_is_damaged()
    {
        var jpeg = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "fixtures", "grey8.jpg"));
        Write("a/1.jpg", jpeg);
        Write("a/2.jpg", [0xFF, 0xD8, 0xFF, 1, 2, 3]);
        using var source = ImageSource.Open(_folder.FullName, new ImageOptions(), _rows);

        var pixels = (byte[])Rows.Of(source).ShouldHaveSingleItem()[0]!;
        pixels.Length.ShouldBe(64);
        for (var i = 0; i < 64; i++)
        {
            ((int)pixels[i]).ShouldBeInRange((i * 4) - 6, (i * 4) + 6);
        }

        _rows.Bad.ShouldHaveSingleItem().Reason.ShouldContain("JPEG");
    }

    [Fact]
    public void Files_are_kept_as_they_are_when_encoded_is_wanted()
    {
        var (small, large) = (Png(1, 1, 8, 0, [[0, 1]]), Png(2, 1, 8, 2, [[0, 1, 2, 3, 4, 5, 6]]));
        Write("1.png", small);
        Write("2.png", large);
        using var source = ImageSource.Open(_folder.FullName, new ImageOptions { KeepEncoded = true }, _rows);

        var rows = Rows.Of(source);
        rows.Select(r => (byte[])r[0]!).ShouldBe([small, large]);
        rows.Select(r => r[1]).ShouldBe([null, null]);
        rows.Select(r => (r[3], r[4], r[5])).ShouldBe([((object?)1, (object?)1, (object?)1), (2, 1, 3)]);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private void Write(string name, byte[] bytes)
    {
        var path = Path.Combine(_folder.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
    }

    /// <summary>A PNG of rows that begin with their filter.</summary>
    private static byte[] Png(int width, int height, int depth, int color, byte[][] rows, byte[]? palette = null, bool interlaced = false)
    {
        using var png = new MemoryStream();
        png.Write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[12]) = ((byte)depth, (byte)color, (byte)(interlaced ? 1 : 0));
        Chunk(png, "IHDR"u8, header);
        if (palette is not null)
        {
            Chunk(png, "PLTE"u8, palette);
        }

        using var data = new MemoryStream();
        using (var deflate = new ZLibStream(data, CompressionLevel.Fastest, leaveOpen: true))
        {
            foreach (var row in rows)
            {
                deflate.Write(row);
            }
        }

        Chunk(png, "IDAT"u8, data.ToArray());
        Chunk(png, "IEND"u8, []);
        return png.ToArray();
    }

    private static void Chunk(MemoryStream png, ReadOnlySpan<byte> type, byte[] body)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, body.Length);
        png.Write(number);
        byte[] content = [.. type, .. body];
        png.Write(content);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.Of(content));
        png.Write(number);
    }
}
