using System.Buffers.Binary;
using System.IO.Compression;

namespace EventMl.Services.Tests.Platform;

/// <summary>Writes PNG of 8 bits a channel with a chosen filter for every row.</summary>
internal static class TestPng
{
    public static readonly byte[] Signature = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>A grey image.</summary>
    public static byte[] Grey(int width, int height, byte[] pixels) => Encode(width, height, 0, 1, pixels, _ => 0);

    /// <param name="width">Pixels in a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="colorType">0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA.</param>
    /// <param name="samples">Bytes a pixel.</param>
    /// <param name="pixels">Rows of interleaved samples.</param>
    /// <param name="filter">The filter (0-4) of a row.</param>
    /// <param name="palette">RGB triples, for colour type 3.</param>
    public static byte[] Encode(int width, int height, byte colorType, int samples, byte[] pixels, Func<int, byte> filter, byte[]? palette = null)
    {
        using var data = new MemoryStream();
        using (var deflate = new ZLibStream(data, CompressionLevel.Fastest, leaveOpen: true))
        {
            deflate.Write(Filter(width * samples, height, samples, pixels, filter));
        }

        return [.. Signature, .. Chunk("IHDR", Header(width, height, colorType)), .. palette is null ? [] : Chunk("PLTE", palette), .. Chunk("IDAT", data.ToArray()), .. Chunk("IEND", [])];
    }

    public static byte[] Header(int width, int height, byte colorType, byte depth = 8, byte interlace = 0)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[12]) = (depth, colorType, interlace);
        return header;
    }

    public static byte[] Chunk(string type, byte[] body)
    {
        var chunk = new byte[12 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, body.Length);
        System.Text.Encoding.ASCII.GetBytes(type, chunk.AsSpan(4));
        body.CopyTo(chunk, 8);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + body.Length), Crc(chunk.AsSpan(4, 4 + body.Length)));
        return chunk;
    }

    private static byte[] Filter(int stride, int height, int step, byte[] pixels, Func<int, byte> filter)
    {
        var rows = new byte[height * (stride + 1)];
        for (var y = 0; y < height; y++)
        {
            rows[y * (stride + 1)] = filter(y);
            for (var x = 0; x < stride; x++)
            {
                int left = x >= step ? pixels[(y * stride) + x - step] : 0, up = y > 0 ? pixels[((y - 1) * stride) + x] : 0;
                int corner = x >= step && y > 0 ? pixels[((y - 1) * stride) + x - step] : 0;
                var predicted = filter(y) switch { 1 => left, 2 => up, 3 => (left + up) / 2, 4 => Paeth(left, up, corner), _ => 0 };
                rows[(y * (stride + 1)) + 1 + x] = (byte)(pixels[(y * stride) + x] - predicted);
            }
        }

        return rows;
    }

    private static int Paeth(int a, int b, int c)
    {
        var (pa, pb, pc) = (Math.Abs(b - c), Math.Abs(a - c), Math.Abs(a + b - (2 * c)));
        return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = 0xFFFFFFFFu;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? 0xEDB88320u ^ (crc >> 1) : crc >> 1;
            }
        }

        return ~crc;
    }
}
