namespace EventMl.Datasets;

/// <summary>The dataset of the lake that keeps the bad rows of another.</summary>
internal static class QuarantineNames
{
    public const string Ending = ".quarantine";

    public static string Of(string dataset) => dataset + Ending;

    public static bool IsOne(string dataset) => dataset.EndsWith(Ending, StringComparison.Ordinal);
}
