using System.Text.Json;

namespace EventMl.Lake;

/// <summary>A name for a version, with the version's id and when it was given.</summary>
public sealed record LakeTag(string Name, long Version, string Id, DateTimeOffset UpdatedAt)
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true };

    internal byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, s_json);

    internal static LakeTag Parse(byte[] bytes, string path)
    {
        try
        {
            return JsonSerializer.Deserialize<LakeTag>(bytes, s_json) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new LakeException($"The tag {path} is damaged: {e.Message} Set it again with move, or remove it.", e);
        }
    }
}
