namespace EventMl.Data.Vectors;

/// <summary>The vectors whose neighbours are wanted.</summary>
public sealed class QueryVectors
{
    /// <summary>Queries of <paramref name="dimensions"/> components each, behind one another.</summary>
    /// <exception cref="ArgumentException">The values are not a whole number of queries, or not all finite.</exception>
    public QueryVectors(int dimensions, ReadOnlySpan<float> values)
    {
        if (dimensions is < 1 or > VectorBatch.MaxDimensions)
            throw new ArgumentException($"Vectors have 1 to {VectorBatch.MaxDimensions} components, not {dimensions}.", nameof(dimensions));
        if (values.Length == 0 || values.Length % dimensions != 0)
            throw new ArgumentException($"Queries have {dimensions} components each; {values.Length} values are not a whole number of them.", nameof(values));
        (Dimensions, Stride, Count) = (dimensions, VectorBatch.StrideOf(dimensions), values.Length / dimensions);
        var padded = new float[(long)Count * Stride];
        for (var query = 0; query < Count; query++)
        {
            var own = values.Slice(query * dimensions, dimensions);
            for (var i = 0; i < own.Length; i++)
            {
                if (!float.IsFinite(own[i]))
                    throw new ArgumentException($"Query {query} has {own[i]} at component {i}; components must be finite numbers.", nameof(values));
            }

            own.CopyTo(padded.AsSpan(query * Stride));
        }

        Padded = padded;
    }

    private QueryVectors(QueryVectors all, int query)
    {
        (Dimensions, Stride, Count) = (all.Dimensions, all.Stride, 1);
        Padded = all.Padded.Slice(query * Stride, Stride);
    }

    /// <summary>Components of each query.</summary>
    public int Dimensions { get; }

    /// <summary>Queries.</summary>
    public int Count { get; }

    internal int Stride { get; }

    internal ReadOnlyMemory<float> Padded { get; }

    internal QueryVectors Only(int query) => new(this, query);

    /// <summary>Refuses queries that have no direction where directions are compared.</summary>
    internal void CheckFor(VectorMetric metric)
    {
        for (var query = 0; metric == VectorMetric.Cosine && query < Count; query++)
        {
            if (float.IsNaN(Distances.InverseLength(Padded.Span.Slice(query * Stride, Stride))))
                throw new ArgumentException($"Query {query} has no direction: its length is zero or beyond float32.", nameof(metric));
        }
    }

    internal void CheckFor(int dimensions, string what)
    {
        if (dimensions != Dimensions)
            throw new ArgumentException($"{what} has vectors of {dimensions} components; the queries have {Dimensions}.", nameof(dimensions));
    }
}
