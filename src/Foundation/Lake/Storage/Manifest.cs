using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace EventMl.Lake.Storage;

/// <summary>The JSON document that makes a version; its bytes never change once written.</summary>
internal sealed record Manifest
{
    public const int CurrentFormat = 1;

    public required int Format { get; init; }

    public required string Kind { get; init; }

    public required string Name { get; init; }

    public required long Version { get; init; }

    public string? Parent { get; init; }

    public required ManifestTransaction Txn { get; init; }

    public required DateTimeOffset Timestamp { get; init; }

    public IReadOnlyList<ManifestField> Schema { get; init; } = [];

    public int NextFieldId { get; init; }

    public long NextRowId { get; init; }

    public int MaxFragmentId { get; init; }

    public IReadOnlyList<ManifestFragment> Fragments { get; init; } = [];

    public ManifestTree? Tree { get; init; }

    public required ManifestStats Stats { get; init; }

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    public byte[] ToBytes() => [.. JsonSerializer.SerializeToUtf8Bytes(this, s_json), (byte)'\n'];

    public static Manifest Parse(byte[] bytes, string path)
    {
        Manifest? manifest;
        try
        {
            manifest = JsonSerializer.Deserialize<Manifest>(bytes, s_json);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new LakeException($"The manifest {path} is damaged: {e.Message} Restore this file from a backup; the data files are untouched.", e);
        }

        if (manifest is null)
            throw new LakeException($"The manifest {path} is damaged: it is null. Restore this file from a backup; the data files are untouched.");
        return manifest.Format == CurrentFormat
            ? manifest
            : throw new LakeException($"The manifest {path} has format {manifest.Format}; this program reads format {CurrentFormat}. Use a newer version of it.");
    }

    /// <summary>Every file the version needs, relative to the dataset's or model's folder.</summary>
    public IEnumerable<string> ReferencedPaths() => Tree is { } tree
        ? tree.Files.Select(f => tree.Path + "/" + f.Path)
        : Fragments.SelectMany(f => f.Files).Select(f => f.Path);
}

internal sealed record ManifestTransaction(string Id, string Operation, string? Actor = null);

internal sealed record ManifestField(int Id, string Name, string Type, bool Nullable, IReadOnlyDictionary<string, string> Metadata);

internal sealed record ManifestFragment(int Id, long PhysicalRows, long RowIdBase, IReadOnlyList<ManifestDataFile> Files, long CreatedAtVersion);

internal sealed record ManifestDataFile(string Path, IReadOnlyList<int> Fields, IReadOnlyList<int> Columns, long Bytes, string Sha256);

internal sealed record ManifestTree(string Path, IReadOnlyList<ManifestArtifact> Files);

internal sealed record ManifestArtifact(string Path, long Bytes, string Sha256);

internal sealed record ManifestStats(long Rows, long Bytes);
