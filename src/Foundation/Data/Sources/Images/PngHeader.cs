using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace EventMl.Data.Sources.Images;

/// <summary>What the header of a PNG says.</summary>
internal sealed record PngHeader(int Width, int Height, int Depth, int ColorType, bool IsInterlaced)
{
    private const int MaxSide = 1 << 20;

    public bool IsGrey => ColorType is 0 or 4;

    /// <summary>Numbers for each pixel, transparency included.</summary>
    public int Samples => ColorType switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };

    /// <summary>Bytes between a pixel and the one to its left, as filters count.</summary>
    public int FilterStep => Math.Max(1, Samples * Depth / 8);

    /// <exception cref="ImageException">Something does not exist.</exception>
    public static PngHeader Read(ReadOnlySpan<byte> body)
    {
        var (width, height, depth, color) = (BinaryPrimitives.ReadUInt32BigEndian(body), BinaryPrimitives.ReadUInt32BigEndian(body[4..]), body[8], body[9]);
        if (width is 0 or > MaxSide || height is 0 or > MaxSide)
        {
            throw new ImageException($"the PNG claims {width} × {height} pixels");
        }

        var known = color switch { 0 => depth is 1 or 2 or 4 or 8 or 16, 3 => depth is 1 or 2 or 4 or 8, 2 or 4 or 6 => depth is 8 or 16, _ => false };
        return known && body[10] == 0 && body[11] == 0 && body[12] <= 1
            ? new PngHeader((int)width, (int)height, depth, color, body[12] == 1)
            : throw new ImageException($"the PNG is of a kind that does not exist (colour type {color}, {depth} bits)");
    }

    public int Stride(int width) => checked((int)((((long)width * Samples * Depth) + 7) / 8));

    public IEnumerable<PngPass> Passes()
    {
        if (!IsInterlaced)
        {
            return [new PngPass(0, 0, 1, 1, Width, Height)];
        }

        // Adam7.
        (int X, int Y, int StepX, int StepY)[] passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];
        return passes.Select(p => new PngPass(p.X, p.Y, p.StepX, p.StepY, (Width - p.X + p.StepX - 1) / p.StepX, (Height - p.Y + p.StepY - 1) / p.StepY))
            .Where(p => p is { Width: > 0, Height: > 0 });
    }

    /// <summary>A number of a row as it stands there, of 8 bits at most.</summary>
    public int Sample(ReadOnlySpan<byte> row, int index)
    {
        if (Depth >= 8)
        {
            return row[index * (Depth / 8)];
        }

        var bit = index * Depth;
        return (row[bit >> 3] >> (8 - Depth - (bit & 7))) & ((1 << Depth) - 1);
    }

    /// <summary>A number of a row stretched, or cut, to 8 bits.</summary>
    public byte Scaled(ReadOnlySpan<byte> row, int index) => (byte)(Sample(row, index) * (Depth >= 8 ? 1 : 255 / ((1 << Depth) - 1)));
}

/// <summary>The pixels that are sent together: every so many columns and rows from a place on.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct PngPass(int X, int Y, int StepX, int StepY, int Width, int Height);

/// <summary>The checksum of PNG and gzip.</summary>
internal static class Crc32
{
    private static readonly uint[] _table = [.. Enumerable.Range(0, 256).Select(i =>
    {
        var c = (uint)i;
        for (var k = 0; k < 8; k++)
        {
            c = (c & 1) != 0 ? 0xEDB88320 ^ (c >> 1) : c >> 1;
        }

        return c;
    })];

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc = _table[(crc ^ b) & 0xFF] ^ (crc >> 8);
        }

        return ~crc;
    }
}
