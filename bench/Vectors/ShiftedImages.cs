using System.IO.Compression;
using System.Numerics;
using System.Runtime.InteropServices;

namespace EventMl.Bench.Vectors;

/// <summary>Vectors made from the images of Fashion-MNIST: each shifted in several ways and projected by a fixed matrix.</summary>
internal sealed class ShiftedImages
{
    public const int Dimensions = 128;

    private const int Side = 28;
    private const int Pixels = Side * Side;
    private const string Folder = "/usr/share/datasets/fashion-mnist";

    // None of them is the queries' own.
    private static readonly (int X, int Y)[] _shifts =
        [(0, 0), (1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1), (2, 0), (0, 2), (-2, 0), (0, -2), (2, 2), (-2, -2)];

    private static readonly (int X, int Y) _queryShift = (2, -1);

    private readonly byte[] _images = [.. Read("train-images-idx3-ubyte.gz"), .. Read("t10k-images-idx3-ubyte.gz")];
    private readonly float[] _matrix = Matrix();

    private int Count => _images.Length / Pixels;

    /// <summary>Vectors <paramref name="first"/> and following.</summary>
    public float[] Rows(int first, int count)
    {
        var rows = new float[count * Dimensions];
        Parallel.For(0, count, row => Project((first + row) % Count, _shifts[(first + row) / Count], rows.AsSpan(row * Dimensions, Dimensions)));
        return rows;
    }

    /// <summary>Images spread over all, shifted as none of the rows is.</summary>
    public float[] Queries(int count)
    {
        var queries = new float[count * Dimensions];
        Parallel.For(0, count, i => Project((int)((long)i * Count / count), _queryShift, queries.AsSpan(i * Dimensions, Dimensions)));
        return queries;
    }

    private void Project(int image, (int X, int Y) shift, Span<float> vector)
    {
        Span<float> pixels = stackalloc float[Pixels];
        pixels.Clear();
        for (var y = Math.Max(0, shift.Y); y < Math.Min(Side, Side + shift.Y); y++)
        {
            for (var x = Math.Max(0, shift.X); x < Math.Min(Side, Side + shift.X); x++)
            {
                pixels[(y * Side) + x] = _images[(image * Pixels) + ((y - shift.Y) * Side) + x - shift.X] / 255f;
            }
        }

        var values = MemoryMarshal.Cast<float, Vector<float>>(pixels);
        for (var d = 0; d < vector.Length; d++)
        {
            var weights = MemoryMarshal.Cast<float, Vector<float>>(_matrix.AsSpan(d * Pixels, Pixels));
            var (even, odd) = (Vector<float>.Zero, Vector<float>.Zero);
            for (var i = 0; i + 1 < values.Length; i += 2)
            {
                even += values[i] * weights[i];
                odd += values[i + 1] * weights[i + 1];
            }

            vector[d] = Vector.Sum(even + odd);
        }
    }

    private static float[] Matrix()
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, Dimensions * Pixels).Select(_ => (float)((random.NextDouble() - 0.5) / Math.Sqrt(Dimensions)))];
    }

    private static byte[] Read(string name)
    {
        using var file = new GZipStream(File.OpenRead(Path.Combine(Folder, name)), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        file.CopyTo(bytes);
        return bytes.ToArray()[16..];
    }
}
