using System.Buffers.Binary;
using System.IO.Compression;

namespace EventMl.Data.Sources.Images;

/// <summary>Reads PNG of every kind (1 to 16 bits, grey, colour, palette, interlaced) as 8-bit grey or RGB; transparency is dropped.</summary>
internal static class PngDecoder
{
    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    public static bool IsPng(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Signature);

    /// <exception cref="ImageException">Damaged.</exception>
    public static PngHeader ReadHeader(ReadOnlySpan<byte> bytes) => bytes.Length >= 33 && BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]) == 0x49484452
        ? PngHeader.Read(bytes.Slice(16, 13))
        : throw new ImageException("the PNG has no header");

    /// <param name="bytes">The file.</param>
    /// <param name="maxPixels">More are refused before memory is taken for them.</param>
    /// <exception cref="ImageException">Damaged, or too large.</exception>
    public static PixelImage Decode(ReadOnlySpan<byte> bytes, long maxPixels)
    {
        var header = ReadHeader(bytes);
        if ((long)header.Width * header.Height > maxPixels)
        {
            throw new ImageException($"it has {header.Width} × {header.Height} pixels; at most {maxPixels} are taken");
        }

        byte[] palette = [];
        using var data = new MemoryStream();
        var ended = false;
        for (var chunks = bytes[Signature.Length..]; !ended && chunks.Length >= 12;)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(chunks);
            if (length > (uint)(chunks.Length - 12))
            {
                throw new ImageException("a chunk of the PNG is longer than the file");
            }

            var body = chunks.Slice(8, (int)length);
            if (Crc32.Of(chunks.Slice(4, (int)length + 4)) != BinaryPrimitives.ReadUInt32BigEndian(chunks[(8 + (int)length)..]))
            {
                throw new ImageException("a chunk of the PNG has a wrong checksum");
            }

            switch (BinaryPrimitives.ReadUInt32BigEndian(chunks[4..]))
            {
                case 0x504C5445: // PLTE
                    palette = body.ToArray();
                    break;
                case 0x49444154: // IDAT
                    data.Write(body);
                    break;
                case 0x49454E44: // IEND
                    ended = true;
                    break;
            }

            chunks = chunks[(int)(12 + length)..];
        }

        return ended ? Assemble(header, palette, data) : throw new ImageException("the PNG ends before its last chunk");
    }

    private static PixelImage Assemble(PngHeader header, byte[] palette, MemoryStream data)
    {
        var image = new PixelImage(header.Width, header.Height, header.IsGrey ? 1 : 3, new byte[checked(header.Width * header.Height * (header.IsGrey ? 1 : 3))]);
        data.Position = 0;
        try
        {
            using var inflate = new ZLibStream(data, CompressionMode.Decompress);
            foreach (var pass in header.Passes())
            {
                var stride = header.Stride(pass.Width);
                var (above, row) = (new byte[stride], new byte[stride]);
                for (var y = 0; y < pass.Height; y++)
                {
                    var filter = inflate.ReadByte();
                    inflate.ReadExactly(row);
                    Unfilter(filter, row, above, header.FilterStep);
                    Place(header, palette, row, pass, y, image);
                    (above, row) = (row, above);
                }
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new ImageException("the pixels of the PNG are damaged");
        }

        return image;
    }

    private static void Unfilter(int filter, Span<byte> row, ReadOnlySpan<byte> above, int step)
    {
        switch (filter)
        {
            case 0:
                break;
            case 1:
                for (var x = step; x < row.Length; x++)
                {
                    row[x] += row[x - step];
                }

                break;
            case 2:
                for (var x = 0; x < row.Length; x++)
                {
                    row[x] += above[x];
                }

                break;
            case 3:
                for (var x = 0; x < row.Length; x++)
                {
                    row[x] += (byte)(((x >= step ? row[x - step] : 0) + above[x]) / 2);
                }

                break;
            case 4:
                for (var x = 0; x < row.Length; x++)
                {
                    row[x] += x >= step ? Paeth(row[x - step], above[x], above[x - step]) : above[x];
                }

                break;
            default:
                throw new ImageException($"the PNG uses filter {filter}, which does not exist");
        }
    }

    private static byte Paeth(int left, int up, int corner)
    {
        var estimate = left + up - corner;
        var (a, b, c) = (Math.Abs(estimate - left), Math.Abs(estimate - up), Math.Abs(estimate - corner));
        return (byte)(a <= b && a <= c ? left : b <= c ? up : corner);
    }

    private static void Place(PngHeader header, byte[] palette, ReadOnlySpan<byte> row, PngPass pass, int passRow, PixelImage image)
    {
        var y = pass.Y + (passRow * pass.StepY);
        for (var i = 0; i < pass.Width; i++)
        {
            var target = image.Pixels.AsSpan(((y * header.Width) + pass.X + (i * pass.StepX)) * image.Channels, image.Channels);
            if (header.ColorType == 3)
            {
                var colour = header.Sample(row, i);
                if ((colour * 3) + 2 >= palette.Length)
                {
                    throw new ImageException("a pixel of the PNG names a colour that its palette lacks");
                }

                palette.AsSpan(colour * 3, 3).CopyTo(target);
            }
            else
            {
                for (var channel = 0; channel < target.Length; channel++)
                {
                    target[channel] = header.Scaled(row, (i * header.Samples) + channel);
                }
            }
        }
    }
}
