using System.Text.Json;

namespace EventMl.Contracts.Datasets;

/// <summary>One column of a dataset: name, type in the platform's words (<c>binary</c>, <c>int64</c>, <c>string</c>, …), whether nulls may occur.</summary>
public sealed record DatasetField(string Name, string Type, bool Nullable);

/// <summary>A new version of a dataset exists and can be read.</summary>
/// <param name="Dataset">Name of the dataset.</param>
/// <param name="Version">Version, from 1.</param>
/// <param name="TaskId">The ingestion that made it.</param>
/// <param name="Attempt">The attempt of that ingestion.</param>
/// <param name="Uri">Where its bytes are: <c>lake://datasets/&lt;name&gt;@&lt;version&gt;</c>.</param>
/// <param name="ManifestSha256">Content hash of the version's manifest, hexadecimal.</param>
/// <param name="StoragePath">Path of the dataset in the lake.</param>
/// <param name="Schema">Columns in order.</param>
/// <param name="NumRows">Number of rows.</param>
/// <param name="SizeBytes">Size of the data files in bytes.</param>
/// <param name="Stats">What the script or reader reported (a JSON object).</param>
/// <param name="IngestedAt">When the version was committed.</param>
public sealed record DataIngested(
    string Dataset, long Version, string TaskId, int Attempt, string Uri, string ManifestSha256, string StoragePath,
    IReadOnlyList<DatasetField> Schema, long NumRows, long SizeBytes, JsonElement Stats, DateTimeOffset IngestedAt);

/// <summary>Asks for a dataset to be hidden; its bytes stay while something needs them.</summary>
public sealed record DeleteDataset
{
    /// <summary>Name of the dataset.</summary>
    public string? Dataset { get; init; }
}

/// <summary>A dataset was hidden.</summary>
public sealed record DatasetDeleted(string Dataset, DateTimeOffset DeletedAt);

/// <summary>A command for a dataset was refused.</summary>
public sealed record DatasetRejected(string? Dataset, string Command, string Code, string Message, DateTimeOffset RejectedAt);
