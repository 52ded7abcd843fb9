using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace EventMl.Lake.Storage;

/// <summary>Manifests to and from bytes, with the id that the bytes have.</summary>
internal static class ManifestJson
{
    public const int CurrentFormat = 2;

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter<ChangeKind>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) },
    };

    /// <summary>The manifest with its root, and its bytes.</summary>
    public static (StoredManifest Stored, byte[] Bytes) Seal(Manifest manifest)
    {
        using var draft = JsonSerializer.SerializeToDocument(manifest with { Root = null }, s_json);
        var rooted = manifest with { Root = ManifestRoot.Of(draft.RootElement) };
        return (new StoredManifest(rooted, rooted.Root), [.. JsonSerializer.SerializeToUtf8Bytes(rooted, s_json), (byte)'\n']);
    }

    /// <summary>Reads a manifest's bytes and checks that they are those that were written.</summary>
    /// <exception cref="LakeException">They are not.</exception>
    public static StoredManifest Parse(byte[] bytes, string path)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("format", out var number) || !number.TryGetInt32(out var format))
                throw Damaged(path, "it is no object with a format.");
            if (format is < 1 or > CurrentFormat)
                throw new LakeException($"The manifest {path} has format {format}; this program reads formats 1 to {CurrentFormat}. Use a newer version of it.");
            var manifest = document.Deserialize<Manifest>(s_json) ?? throw Damaged(path, "it is null.");
            // Version ids of format 1 stand in ledgers; they are the hash of the whole file.
            if (format == 1)
                return new StoredManifest(manifest, "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes)));
            var root = ManifestRoot.Of(document.RootElement);
            return manifest.Root == root
                ? new StoredManifest(manifest, root)
                : throw Damaged(path, $"its content has the root {root}, but it says {manifest.Root ?? "none"}.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException)
        {
            throw Damaged(path, e.Message, e);
        }
    }

    private static LakeException Damaged(string path, string why, Exception? cause = null) =>
        new($"The manifest {path} is damaged: {why} Restore this file from a backup; the data files are untouched.", cause);
}

/// <summary>A manifest as it is stored, and its id.</summary>
internal sealed record StoredManifest(Manifest Manifest, string Id);
