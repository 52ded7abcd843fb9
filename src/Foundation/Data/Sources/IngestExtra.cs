using System.Text.Json;

namespace EventMl.Data.Sources;

/// <summary>What a worker tells the ingest job beside the request; on its standard input, so that a connection string stands in no file and no list of processes.</summary>
/// <param name="Source">Name of the source.</param>
/// <param name="ConnectionString">For <c>sql</c>.</param>
/// <param name="KnownTypes">Type names of the columns of the version that is appended to.</param>
public sealed record IngestExtra(string Source, string? ConnectionString, IReadOnlyDictionary<string, string> KnownTypes)
{
    /// <summary>How it is written and read.</summary>
    public static JsonSerializerOptions Json { get; } = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
}
