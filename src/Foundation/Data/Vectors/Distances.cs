using System.Runtime.Intrinsics;

namespace EventMl.Data.Vectors;

/// <summary>Distances of every row from every query, as the metric defines them.</summary>
internal static class Distances
{
    /// <summary>
    /// <c>distances[query * rowCount + row]</c>; NaN where there is no distance.
    /// <paramref name="inverses"/> takes the rows' inverse lengths (cosine only).
    /// </summary>
    public static void Fill(
        VectorMetric metric, ReadOnlySpan<float> rows, int rowCount, ReadOnlySpan<float> queries, int queryCount, int stride, Span<float> distances, Span<float> inverses)
    {
        var all = distances[..(rowCount * queryCount)];
        if (metric == VectorMetric.L2)
        {
            ScoreKernel.Fill<SquaredDifference>(rows, rowCount, queries, queryCount, stride, all);
            return;
        }

        ScoreKernel.Fill<Product>(rows, rowCount, queries, queryCount, stride, all);
        if (metric == VectorMetric.InnerProduct)
        {
            Negate(all);
            return;
        }

        for (var row = 0; row < rowCount; row++)
            inverses[row] = InverseLength(rows.Slice(row * stride, stride));
        for (var query = 0; query < queryCount; query++)
            FromCosine(all.Slice(query * rowCount, rowCount), inverses, InverseLength(queries.Slice(query * stride, stride)));
    }

    /// <summary>NaN for what has no direction: zeros, and lengths beyond float32.</summary>
    public static float InverseLength(ReadOnlySpan<float> vector) =>
        ScoreKernel.One<Product>(vector, vector) is > 0 and <= float.MaxValue and var square ? 1 / MathF.Sqrt(square) : float.NaN;

    /// <summary>The vector's direction; NaN where it has none.</summary>
    public static void Normalize(ReadOnlySpan<float> vector, Span<float> direction)
    {
        var inverse = InverseLength(vector);
        for (var i = 0; i < vector.Length; i++)
            direction[i] = vector[i] * inverse;
    }

    private static void Negate(Span<float> values)
    {
        var i = 0;
        for (; i <= values.Length - Vector512<float>.Count; i += Vector512<float>.Count)
            (-Vector512.Create<float>(values[i..])).CopyTo(values[i..]);
        for (; i < values.Length; i++)
            values[i] = -values[i];
    }

    private static void FromCosine(Span<float> products, ReadOnlySpan<float> inverses, float inverse)
    {
        var i = 0;
        for (; i <= products.Length - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            var distance = Vector512<float>.One - (Vector512.Create<float>(products[i..]) * Vector512.Create(inverses[i..]) * inverse);
            // Rounding may lead a little below zero. NaN compares with nothing and stays.
            Vector512.ConditionalSelect(Vector512.LessThan(distance, Vector512<float>.Zero), Vector512<float>.Zero, distance).CopyTo(products[i..]);
        }

        for (; i < products.Length; i++)
            products[i] = 1 - (products[i] * inverses[i] * inverse) is var distance && distance < 0 ? 0 : distance;
    }
}
