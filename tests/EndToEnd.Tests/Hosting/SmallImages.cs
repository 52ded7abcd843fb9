using System.Buffers.Binary;
using System.IO.Compression;

namespace EventMl.EndToEnd.Tests.Hosting;

/// <summary>Images of one split.</summary>
internal sealed record Images(byte[] Pixels, byte[] Labels)
{
    public const int Size = 28 * 28;

    public int Count => Labels.Length;

    public ReadOnlySpan<byte> this[int index] => Pixels.AsSpan(index * Size, Size);
}

/// <summary>The first images of Fashion-MNIST as a folder of gzipped IDX files, small enough that a scenario takes seconds.</summary>
internal static class SmallImages
{
    public const string Full = "/usr/share/datasets/fashion-mnist";

    public static void Write(string folder, int train, int test, bool wrongLabels = false)
    {
        Directory.CreateDirectory(folder);
        Write(folder, "train", Read(Full, "train", train), wrongLabels);
        Write(folder, "t10k", Read(Full, "t10k", test), wrongLabels);
    }

    public static Images Read(string folder, string stem, int count = int.MaxValue)
    {
        var labels = Unzip(Path.Combine(folder, $"{stem}-labels-idx1-ubyte.gz"), 8, count);
        return new Images(Unzip(Path.Combine(folder, $"{stem}-images-idx3-ubyte.gz"), 16, labels.Length * Images.Size), labels);
    }

    private static void Write(string folder, string stem, Images images, bool wrongLabels)
    {
        var labels = wrongLabels ? images.Labels.Select(l => (byte)((l + 1) % 10)).ToArray() : images.Labels;
        Zip(Path.Combine(folder, $"{stem}-images-idx3-ubyte.gz"), [0x803, images.Count, 28, 28], images.Pixels);
        Zip(Path.Combine(folder, $"{stem}-labels-idx1-ubyte.gz"), [0x801, images.Count], labels);
    }

    private static void Zip(string path, int[] header, byte[] body)
    {
        using var file = new GZipStream(File.Create(path), CompressionLevel.Fastest);
        Span<byte> word = stackalloc byte[4];
        foreach (var number in header)
        {
            BinaryPrimitives.WriteInt32BigEndian(word, number);
            file.Write(word);
        }

        file.Write(body);
    }

    // No more is unpacked than asked for: most scenarios want a hundredth of the file.
    private static byte[] Unzip(string path, int header, int limit)
    {
        using var file = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        file.ReadExactly(new byte[header]);
        using var memory = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (memory.Length < limit && file.Read(buffer, 0, (int)Math.Min(buffer.Length, limit - memory.Length)) is > 0 and var count)
        {
            memory.Write(buffer, 0, count);
        }

        return memory.ToArray();
    }
}
