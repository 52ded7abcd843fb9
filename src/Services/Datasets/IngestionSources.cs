namespace EventMl.Datasets;

/// <summary>The readers that need no script.</summary>
internal static class IngestionSources
{
    /// <summary>The MNIST family's files: <c>{train,t10k}-{images,labels}-idx*-ubyte[.gz]</c>.</summary>
    public const string Idx = "idx";

    public static IReadOnlyList<string> All { get; } = [Idx];
}
