using System.Runtime.Intrinsics;

namespace EventMl.Data.Vectors;

/// <summary>Finds the nearest centroid of each row; equal distances go to the first.</summary>
internal sealed class ListAssigner
{
    private const int CentroidBlock = 64;

    private readonly float[] _centroids;
    private readonly int _stride;
    private readonly int _count;
    // |x - c|² = |x|² + 2 (|c|²/2 - x·c), and |x|² is the same for all.
    private readonly float[] _halves;

    public ListAssigner(float[] centroids, int stride)
    {
        (_centroids, _stride, _count) = (centroids, stride, centroids.Length / stride);
        _halves = new float[_count];
        for (var i = 0; i < _count; i++)
            _halves[i] = ScoreKernel.One<Product>(Of(i), Of(i)) / 2;
    }

    /// <summary>Rows that are assigned at once.</summary>
    public static int ChunkRows(int stride) => RowScorer.ChunkRows(stride);

    /// <summary>The centroid of each row.</summary>
    public void Assign(ReadOnlySpan<float> rows, Span<int> lists)
    {
        var chunk = ChunkRows(_stride);
        var products = new float[chunk * CentroidBlock];
        var best = new float[chunk];
        for (var start = 0; start < lists.Length; start += chunk)
        {
            var length = Math.Min(chunk, lists.Length - start);
            var own = lists.Slice(start, length);
            var nearest = best.AsSpan(0, length);
            own.Clear();
            nearest.Fill(float.PositiveInfinity);
            for (var first = 0; first < _count; first += CentroidBlock)
            {
                var centroids = Math.Min(CentroidBlock, _count - first);
                ScoreKernel.Fill<Product>(rows[(start * _stride)..], length, _centroids.AsSpan(first * _stride), centroids, _stride, products);
                for (var i = 0; i < centroids; i++)
                    Improve(own, nearest, products.AsSpan(i * length, length), first + i);
            }
        }
    }

    private void Improve(Span<int> lists, Span<float> best, ReadOnlySpan<float> products, int list)
    {
        var half = _halves[list];
        var i = 0;
        for (; i <= lists.Length - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            var (distance, old) = (Vector512.Create(half) - Vector512.Create(products[i..]), Vector512.Create<float>(best[i..]));
            var nearer = Vector512.LessThan(distance, old);
            Vector512.ConditionalSelect(nearer, distance, old).CopyTo(best[i..]);
            Vector512.ConditionalSelect(nearer.AsInt32(), Vector512.Create(list), Vector512.Create<int>(lists[i..])).CopyTo(lists[i..]);
        }

        for (; i < lists.Length; i++)
        {
            if (half - products[i] < best[i])
                (best[i], lists[i]) = (half - products[i], list);
        }
    }

    private ReadOnlySpan<float> Of(int list) => _centroids.AsSpan(list * _stride, _stride);
}
