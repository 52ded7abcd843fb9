using System.IO.Compression;
using System.Numerics;
using EventMl.Arrow;
using EventMl.Data.Vectors;

namespace EventMl.Data.Tests.Vectors;

/// <summary>Vectors to search in: random ones, and images of Fashion-MNIST projected by a fixed matrix.</summary>
internal static class VectorData
{
    public const int Projected = 64;

    private const int Side = 28;
    private const int Quarter = Side * Side / 4;

    private static readonly Lazy<float[]> s_fashion = new(() => Project(20_200));

    /// <summary>The first 20,200 images of Fashion-MNIST's training set, pixels taken four by four, projected to <see cref="Projected"/> components.</summary>
    public static float[] FashionMnist => s_fashion.Value;

    public static float[] Random(int rows, int dimensions, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, rows * dimensions).Select(_ => (float)(random.NextDouble() - 0.5))];
    }

    public static RecordBatch Batch(ReadOnlySpan<float> values, int dimensions, params int[] nulls)
    {
        var builder = new RecordBatchBuilder(new ArrowSchema([new ArrowField("v", ArrowType.FixedSizeList(ArrowType.Of(ArrowKind.Float32), dimensions))]));
        var vectors = builder.Column<FixedSizeListBuilder>("v");
        for (var row = 0; row < values.Length / dimensions; row++)
        {
            if (nulls.Contains(row))
                vectors.AppendNull();
            else
                vectors.Append(values.Slice(row * dimensions, dimensions));
        }

        return builder.Build();
    }

    public static List<VectorBatch> Batches(float[] values, int dimensions, int batchRows)
    {
        var batches = new List<VectorBatch>();
        for (var row = 0; row < values.Length / dimensions; row += batchRows)
        {
            var count = Math.Min(batchRows, (values.Length / dimensions) - row);
            batches.Add(new VectorBatch(Batch(values.AsSpan(row * dimensions, count * dimensions), dimensions).Column(0), row));
        }

        return batches;
    }

    public static async IAsyncEnumerable<VectorBatch> Stream(IEnumerable<VectorBatch> batches)
    {
        foreach (var batch in batches)
        {
            await Task.Yield();
            yield return batch;
        }
    }

    /// <summary>The k nearest by doubles, one pair at a time.</summary>
    public static Neighbor[] Reference(VectorMetric metric, float[] rows, ReadOnlySpan<float> query, int k, Predicate<long>? accept = null)
    {
        var all = new List<Neighbor>();
        for (var row = 0; row < rows.Length / query.Length; row++)
        {
            double difference = 0, product = 0, own = 0, other = 0;
            for (var i = 0; i < query.Length; i++)
            {
                double x = rows[(row * query.Length) + i], q = query[i];
                (difference, product, own, other) = (difference + ((x - q) * (x - q)), product + (x * q), own + (x * x), other + (q * q));
            }

            var distance = metric switch { VectorMetric.L2 => difference, VectorMetric.InnerProduct => -product, _ => 1 - (product / Math.Sqrt(own * other)) };
            if (double.IsFinite(distance) && (accept is null || accept(row)))
                all.Add(new Neighbor(row, (float)distance));
        }

        return [.. all.Order().Take(k)];
    }

    /// <summary>The part of the true neighbours that was found.</summary>
    public static double Recall(IReadOnlyList<IReadOnlyList<Neighbor>> truth, IReadOnlyList<IReadOnlyList<Neighbor>> found) =>
        (double)truth.Zip(found, (t, f) => t.Select(n => n.RowId).Intersect(f.Select(n => n.RowId)).Count()).Sum() / truth.Sum(t => t.Count);

    private static float[] Project(int rows)
    {
        using var images = new GZipStream(File.OpenRead("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz"), CompressionMode.Decompress);
        images.ReadExactly(new byte[16]);
        var pixels = new byte[Side * Side];
        var matrix = Random(Projected, Quarter, 7);
        var projected = new float[rows * Projected];
        var sums = new float[Quarter];
        for (var row = 0; row < rows; row++)
        {
            images.ReadExactly(pixels);
            Array.Clear(sums);
            for (var i = 0; i < pixels.Length; i++)
                sums[(i / Side / 2 * (Side / 2)) + (i % Side / 2)] += pixels[i] / 255f;
            for (var d = 0; d < Projected; d++)
                projected[(row * Projected) + d] = Dot(sums, matrix.AsSpan(d * Quarter, Quarter));
        }

        return projected;
    }

    private static float Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        var sum = Vector<float>.Zero;
        for (var i = 0; i <= x.Length - Vector<float>.Count; i += Vector<float>.Count)
            sum += new Vector<float>(x[i..]) * new Vector<float>(y[i..]);
        return Vector.Sum(sum);
    }
}
