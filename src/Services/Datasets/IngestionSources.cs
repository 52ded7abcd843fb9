namespace EventMl.Datasets;

/// <summary>The databases that ingestions may query: connection strings by the names that requests use, which alone go into commands and events.</summary>
public sealed record IngestionSources
{
    /// <summary>Npgsql connection strings by name.</summary>
    public IReadOnlyDictionary<string, string> Connections { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}
