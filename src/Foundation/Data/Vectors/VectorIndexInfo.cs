using System.Text.Json;
using EventMl.Arrow;

namespace EventMl.Data.Vectors;

/// <summary>What an index file says of itself.</summary>
/// <param name="Format">The format's number.</param>
/// <param name="VersionId">The dataset version it was built from.</param>
/// <param name="Column">The vector column.</param>
/// <param name="Metric">What near means.</param>
/// <param name="Dimensions">Components of each vector.</param>
/// <param name="Lists">Lists that the rows are divided into.</param>
/// <param name="Rows">Rows in the index.</param>
/// <param name="SkippedRows">Rows that were left out: null, not finite, beyond float32, or (cosine) without direction.</param>
/// <param name="Probes">Lists that a search looks through unless told otherwise.</param>
/// <param name="Recall">For numbers of probes the measured part of the ten true neighbours that is found.</param>
/// <param name="Seed">Where chance began.</param>
public sealed record VectorIndexInfo(
    int Format, string VersionId, string Column, VectorMetric Metric, int Dimensions, int Lists, long Rows, long SkippedRows, int Probes,
    IReadOnlyDictionary<int, double> Recall, long Seed)
{
    internal const int CurrentFormat = 1;
    internal const string Key = "eventml.vector_index";

    private static readonly JsonSerializerOptions s_json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    internal static ArrowSchema SchemaOf(int dimensions) => new(
    [
        new ArrowField("list", ArrowType.Of(ArrowKind.Int32), nullable: false),
        new ArrowField("row_id", ArrowType.Of(ArrowKind.Int64)),
        new ArrowField("vector", ArrowType.FixedSizeList(new ArrowField("item", ArrowType.Of(ArrowKind.Float32), nullable: false), dimensions), nullable: false),
    ]);

    internal IReadOnlyDictionary<string, string> ToMetadata() => new Dictionary<string, string>(StringComparer.Ordinal) { [Key] = JsonSerializer.Serialize(this, s_json) };

    /// <exception cref="VectorIndexException">The file is no index, of a later format, or contradicts itself.</exception>
    internal static VectorIndexInfo Read(ArrowFile file, string name)
    {
        if (!file.Metadata.TryGetValue(Key, out var text))
            throw new VectorIndexException($"{name} is an Arrow file but no vector index.");
        VectorIndexInfo info;
        try
        {
            info = JsonSerializer.Deserialize<VectorIndexInfo>(text, s_json) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw Damaged(name, $"its description cannot be read ({e.Message})", e);
        }

        if (info.Format != CurrentFormat)
            throw new VectorIndexException($"{name} has format {info.Format}; this version reads format {CurrentFormat}. Build the index again.");
        if (info.Dimensions is < 1 or > VectorBatch.MaxDimensions || !file.Schema.HasSameFieldsAs(SchemaOf(info.Dimensions)))
            throw Damaged(name, $"its columns are {file.Schema}");
        return info.Lists >= 0 && info.Rows >= 0 && info.Probes >= 0 && info.Probes <= info.Lists && Enum.IsDefined(info.Metric)
            ? info
            : throw Damaged(name, $"it speaks of {info.Lists} lists, {info.Probes} probes and {info.Rows} rows");
    }

    internal static VectorIndexException Damaged(string name, string why, Exception? cause = null) => new($"The vector index {name} is damaged: {why}. Build it again.", cause);
}
