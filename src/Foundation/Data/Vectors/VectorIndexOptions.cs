using System.Runtime.InteropServices;

namespace EventMl.Data.Vectors;

/// <summary>How an index is built.</summary>
public sealed record VectorIndexOptions
{
    /// <summary>The defaults.</summary>
    public static VectorIndexOptions Default { get; } = new();

    /// <summary>Into how many lists the rows are divided; by default twice the square root of their number. At most one for 32 rows of the sample.</summary>
    public int? Lists { get; init; }

    /// <summary>The most rows that clusters are learnt from; they are held in memory, up to 256 MiB of them.</summary>
    public int SampleRows { get; init; } = 131_072;

    /// <summary>Rounds of k-means.</summary>
    public int Rounds { get; init; } = 10;

    /// <summary>The part of the ten true neighbours of sampled rows that a search with the index's own number of probes finds.</summary>
    public double TargetRecall { get; init; } = 0.97;

    /// <summary>Where chance begins; the same rows, options and seed give the same file.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Threads; all cores where null.</summary>
    public int? Threads { get; init; }

    internal static void Check(VectorIndexOptions options)
    {
        if (options.Lists < 1 || options.SampleRows < 1 || options.Rounds < 1 || options.Threads < 1)
            throw new ArgumentException($"Lists, sample rows, rounds and threads are at least 1: {options}.", nameof(options));
        if (!(options.TargetRecall is > 0 and <= 1))
            throw new ArgumentException($"A recall is above 0 and at most 1, not {options.TargetRecall}.", nameof(options));
    }
}

/// <summary>What a build is busy with.</summary>
public enum VectorIndexStage
{
    /// <summary>Counting rows and choosing a sample; the total is not known yet.</summary>
    Sampling,

    /// <summary>Learning the clusters, counted in rounds.</summary>
    Clustering,

    /// <summary>Finding the cluster of each row.</summary>
    Assigning,

    /// <summary>Writing the lists.</summary>
    Writing,
}

/// <summary>How far a build is.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct VectorIndexProgress(VectorIndexStage Stage, long Done, long Total);

/// <summary>The index cannot be used; the message says why and what to do.</summary>
public sealed class VectorIndexException : Exception
{
    /// <summary>An error without a message.</summary>
    public VectorIndexException()
    {
    }

    /// <summary>An error that says what is wrong.</summary>
    public VectorIndexException(string message)
        : base(message)
    {
    }

    /// <summary>An error that says what is wrong and what caused it.</summary>
    public VectorIndexException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
