namespace EventMl.Data.Vectors;

/// <summary>Lloyd's algorithm; the same sample and seed give the same centroids whatever the number of threads.</summary>
internal static class KMeans
{
    private const int PieceRows = 4096;

    /// <summary>Centroids of <paramref name="lists"/> clusters of a sample of rows.</summary>
    public static float[] Train(ReadOnlyMemory<float> sample, int stride, int lists, VectorIndexOptions options, Action<int> report, CancellationToken ct)
    {
        var count = sample.Length / stride;
        var centroids = FirstCentroids(sample.Span, stride, lists, new SplitMix(options.Seed));
        var assigned = new int[count];
        for (var round = 0; round < options.Rounds; round++)
        {
            var assigner = new ListAssigner(centroids, stride);
            Workers.Share(Workers.Count(options.Threads), count, PieceRows, (_, start, length) =>
                assigner.Assign(sample.Span[(start * stride)..], assigned.AsSpan(start, length)), ct);
            centroids = Means(sample.Span, stride, assigned, lists);
            report(round + 1);
        }

        return centroids;
    }

    /// <summary>Different rows of the sample, by chance.</summary>
    private static float[] FirstCentroids(ReadOnlySpan<float> sample, int stride, int lists, SplitMix random)
    {
        var rows = Enumerable.Range(0, sample.Length / stride).ToArray();
        var centroids = new float[lists * stride];
        for (var i = 0; i < lists; i++)
        {
            var chosen = i + (int)random.Below(rows.Length - i);
            (rows[i], rows[chosen]) = (rows[chosen], rows[i]);
            sample.Slice(rows[i] * stride, stride).CopyTo(centroids.AsSpan(i * stride));
        }

        return centroids;
    }

    private static float[] Means(ReadOnlySpan<float> sample, int stride, int[] assigned, int lists)
    {
        var sums = new double[lists * stride];
        var counts = new int[lists];
        for (var row = 0; row < assigned.Length; row++)
        {
            counts[assigned[row]]++;
            var sum = sums.AsSpan(assigned[row] * stride, stride);
            var values = sample.Slice(row * stride, stride);
            for (var i = 0; i < values.Length; i++)
                sum[i] += values[i];
        }

        var means = new float[lists * stride];
        for (var i = 0; i < means.Length; i++)
            means[i] = counts[i / stride] == 0 ? 0 : (float)(sums[i] / counts[i / stride]);
        SplitLargest(means, stride, counts);
        return means;
    }

    /// <summary>An empty cluster takes half of the largest: the two centroids stand a little apart on either side of the old one.</summary>
    private static void SplitLargest(float[] means, int stride, int[] counts)
    {
        const float Apart = 1f / 1024;
        for (var empty = 0; empty < counts.Length; empty++)
        {
            if (counts[empty] > 0)
                continue;
            var largest = Array.IndexOf(counts, counts.Max());
            for (var i = 0; i < stride; i++)
            {
                var (value, sign) = (means[(largest * stride) + i], i % 2 == 0 ? Apart : -Apart);
                (means[(empty * stride) + i], means[(largest * stride) + i]) = (value * (1 + sign), value * (1 - sign));
            }

            counts[empty] = counts[largest] / 2;
            counts[largest] -= counts[empty];
        }
    }
}

/// <summary>Chance that is the same on every machine and in every version of .NET.</summary>
internal sealed class SplitMix(long seed)
{
    private ulong _state = (ulong)seed;

    /// <summary>A number from 0 to below <paramref name="limit"/>.</summary>
    public long Below(long limit)
    {
        _state += 0x9E3779B97F4A7C15;
        var z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return (long)Math.BigMul(z ^ (z >> 31), (ulong)limit, out _);
    }
}
