using System.Buffers.Binary;
using System.IO.Compression;

namespace EventMl.Services.Tests.Platform;

/// <summary>Small files of the MNIST family: 28 × 28 grey images and their labels, gzipped IDX, readable by every user.</summary>
internal static class IdxFolder
{
    public const int TrainRows = 600;
    public const int TestRows = 200;
    public const int Pixels = 28 * 28;
    private const string Installed = "/usr/share/datasets/fashion-mnist";

    /// <summary>Writes a complete folder: the first rows of Fashion-MNIST where it is installed, else images whose bright rows tell the class.</summary>
    public static void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        WriteSplit(folder, "train", TrainRows);
        WriteSplit(folder, "t10k", TestRows);
    }

    public static void WriteImages(string folder, string prefix, byte[] pixels) =>
        WriteFile(Path.Combine(folder, $"{prefix}-images-idx3-ubyte.gz"), [pixels.Length / Pixels, 28, 28], pixels);

    public static void WriteLabels(string folder, string prefix, byte[] labels) =>
        WriteFile(Path.Combine(folder, $"{prefix}-labels-idx1-ubyte.gz"), [labels.Length], labels);

    private static void WriteSplit(string folder, string prefix, int rows)
    {
        var (pixels, labels) = Directory.Exists(Installed)
            ? (First($"{prefix}-images-idx3-ubyte.gz", 16, rows * Pixels), First($"{prefix}-labels-idx1-ubyte.gz", 8, rows))
            : Stripes(rows);
        WriteImages(folder, prefix, pixels);
        WriteLabels(folder, prefix, labels);
    }

    private static byte[] First(string file, int header, int count)
    {
        using var gzip = new GZipStream(File.OpenRead(Path.Combine(Installed, file)), CompressionMode.Decompress);
        var bytes = new byte[header + count];
        gzip.ReadExactly(bytes);
        return bytes[header..];
    }

    private static (byte[] Pixels, byte[] Labels) Stripes(int rows)
    {
        var random = new Random(7);
        var (pixels, labels) = (new byte[rows * Pixels], new byte[rows]);
        for (var row = 0; row < rows; row++)
        {
            labels[row] = (byte)random.Next(10);
            for (var i = 0; i < Pixels; i++)
            {
                pixels[(row * Pixels) + i] = (byte)(i / 28 / 2 == labels[row] + 2 ? 200 + random.Next(55) : random.Next(60));
            }
        }

        return (pixels, labels);
    }

    private static void WriteFile(string path, int[] dimensions, byte[] content)
    {
        var header = new byte[4 + (4 * dimensions.Length)];
        (header[2], header[3]) = (0x08, (byte)dimensions.Length);
        for (var i = 0; i < dimensions.Length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4 + (4 * i)), dimensions[i]);
        }

        using var gzip = new GZipStream(File.Create(path), CompressionLevel.Fastest);
        gzip.Write(header);
        gzip.Write(content);
    }
}
