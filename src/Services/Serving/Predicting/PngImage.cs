using System.Buffers.Binary;
using System.IO.Compression;

namespace EventMl.Serving.Predicting;

/// <summary>Reads PNG (8 bits a channel: grey, grey+alpha, RGB, RGBA, palette; not interlaced) into interleaved channels without alpha.</summary>
internal sealed record PngImage(int Width, int Height, int Channels, byte[] Pixels)
{
    private const int MaxPixels = 64 << 20;
    private static readonly byte[] Signature = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    public static bool IsPng(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Signature);

    /// <param name="bytes">The file.</param>
    /// <param name="check">Sees width and height before memory is taken for the pixels, and may throw.</param>
    /// <exception cref="InvalidInputException">Damaged, or a kind of PNG that is not supported.</exception>
    public static PngImage Decode(ReadOnlySpan<byte> bytes, Action<int, int>? check = null)
    {
        var chunks = bytes[Signature.Length..];
        Header? header = null;
        byte[] palette = [];
        using var data = new MemoryStream();
        while (chunks.Length >= 12)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(chunks);
            if (length > (uint)(chunks.Length - 12))
            {
                throw Damaged("a chunk is longer than the file");
            }

            var body = chunks.Slice(8, (int)length);
            switch (BinaryPrimitives.ReadUInt32BigEndian(chunks[4..]))
            {
                case 0x49484452: // IHDR
                    header = header is null ? Header.Read(body) : throw Damaged("it has two headers");
                    check?.Invoke(header.Width, header.Height);
                    break;
                case 0x504C5445: // PLTE
                    palette = body.ToArray();
                    break;
                case 0x49444154: // IDAT
                    data.Write(body);
                    break;
                case 0x49454E44: // IEND
                    return Assemble(header ?? throw Damaged("the header is missing"), palette, data);
            }

            chunks = chunks[(int)(12 + length)..];
        }

        throw Damaged("it ends before its last chunk");
    }

    private static PngImage Assemble(Header header, byte[] palette, MemoryStream data)
    {
        var stride = header.Width * header.Samples;
        var rows = new byte[header.Height * (stride + 1)];
        data.Position = 0;
        try
        {
            using var inflate = new ZLibStream(data, CompressionMode.Decompress);
            inflate.ReadExactly(rows);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new InvalidInputException("The PNG is damaged: its pixel data cannot be read; send the file again.", e);
        }

        var raw = new byte[header.Height * stride];
        for (var y = 0; y < header.Height; y++)
        {
            var row = rows.AsSpan(y * (stride + 1), stride + 1);
            var target = raw.AsSpan(y * stride, stride);
            Unfilter(row[0], row[1..], target, y == 0 ? default : raw.AsSpan((y - 1) * stride, stride), header.Samples);
        }

        return header.ColorType switch
        {
            3 => new PngImage(header.Width, header.Height, 3, Expand(raw, palette)),
            4 => new PngImage(header.Width, header.Height, 1, Drop(raw, 2, 1)),
            6 => new PngImage(header.Width, header.Height, 3, Drop(raw, 4, 3)),
            _ => new PngImage(header.Width, header.Height, header.Samples, raw),
        };
    }

    private static void Unfilter(byte filter, ReadOnlySpan<byte> row, Span<byte> target, ReadOnlySpan<byte> above, int step)
    {
        for (var x = 0; x < row.Length; x++)
        {
            int left = x >= step ? target[x - step] : 0;
            int up = above.IsEmpty ? 0 : above[x];
            int corner = x >= step && !above.IsEmpty ? above[x - step] : 0;
            target[x] = (byte)(row[x] + filter switch
            {
                0 => 0,
                1 => left,
                2 => up,
                3 => (left + up) / 2,
                4 => Paeth(left, up, corner),
                _ => throw Damaged($"it uses filter {filter}, which does not exist"),
            });
        }
    }

    private static int Paeth(int left, int up, int corner)
    {
        var estimate = left + up - corner;
        var (a, b, c) = (Math.Abs(estimate - left), Math.Abs(estimate - up), Math.Abs(estimate - corner));
        return a <= b && a <= c ? left : b <= c ? up : corner;
    }

    private static byte[] Expand(byte[] raw, byte[] palette)
    {
        var pixels = new byte[raw.Length * 3];
        for (var i = 0; i < raw.Length; i++)
        {
            if ((raw[i] * 3) + 2 >= palette.Length)
            {
                throw Damaged("a pixel names a colour that the palette lacks");
            }

            palette.AsSpan(raw[i] * 3, 3).CopyTo(pixels.AsSpan(i * 3));
        }

        return pixels;
    }

    private static byte[] Drop(byte[] raw, int from, int keep)
    {
        var pixels = new byte[raw.Length / from * keep];
        for (int i = 0, j = 0; i < raw.Length; i += from, j += keep)
        {
            raw.AsSpan(i, keep).CopyTo(pixels.AsSpan(j));
        }

        return pixels;
    }

    private static InvalidInputException Damaged(string why) => new($"The PNG is damaged: {why}; send the file again.");

    private sealed record Header(int Width, int Height, int ColorType, int Samples)
    {
        public static Header Read(ReadOnlySpan<byte> body)
        {
            if (body.Length != 13)
            {
                throw Damaged("its header has the wrong length");
            }

            var (width, height) = (BinaryPrimitives.ReadUInt32BigEndian(body), BinaryPrimitives.ReadUInt32BigEndian(body[4..]));
            if (width == 0 || height == 0 || (ulong)width * height > MaxPixels)
            {
                throw new InvalidInputException($"The PNG claims {width} x {height} pixels; at most {MaxPixels} are accepted.");
            }

            var samples = body[9] switch { 0 or 3 => 1, 2 => 3, 4 => 2, 6 => 4, var other => throw Damaged($"colour type {other} does not exist") };
            return body[8] == 8 && body[12] == 0
                ? new Header((int)width, (int)height, body[9], samples)
                : throw new InvalidInputException("Only PNG with 8 bits a channel and without interlacing is supported; save the image that way.");
        }
    }
}
