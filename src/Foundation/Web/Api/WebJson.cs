using System.Text.Json;
using System.Text.Json.Serialization;

namespace EventMl.Web;

/// <summary>The frozen JSON of REST: snake_case names, keys of <c>params</c> verbatim, absent values left out.</summary>
public static class WebJson
{
    /// <summary>The one options object of REST.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    /// <summary>Gives other options the same rules.</summary>
    public static void Apply(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.PropertyNameCaseInsensitive = false;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.AllowDuplicateProperties = false;
    }

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions();
        Apply(options);
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
