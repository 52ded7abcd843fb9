using System.Text.Json;

namespace EventMl.Jobs.Scripts;

/// <summary>The folders of a task. The script owns only leaves, so that it cannot plant links where the platform writes.</summary>
internal sealed record ScriptFolders(string Home, string Temporary, string Logs)
{
    /// <summary>How a request is written: snake_case names.</summary>
    public static JsonSerializerOptions RequestJson { get; } = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Converters = { new UndefinedAsEmpty() } };

    public static ScriptFolders Prepare(ScriptRequest request, ScriptUser? user)
    {
        const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(request.WorkPath, Private);
        if (user is not null)
        {
            Native.OpenToGroup(request.WorkPath, user);
        }

        var folders = new ScriptFolders(Path.Combine(request.WorkPath, "home"), Path.Combine(request.WorkPath, "tmp"), Path.Combine(request.WorkPath, "logs"));
        Directory.CreateDirectory(folders.Logs, Private);
        foreach (var path in new[] { folders.Home, folders.Temporary, request.OutputPath, request.CheckpointPath })
        {
            Directory.CreateDirectory(path);
            if (user is not null)
            {
                Native.GiveTo(path, user);
            }
        }

        return folders;
    }

    private sealed class UndefinedAsEmpty : System.Text.Json.Serialization.JsonConverter<JsonElement>
    {
        public override JsonElement Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => JsonElement.ParseValue(ref reader);

        public override void Write(Utf8JsonWriter writer, JsonElement value, JsonSerializerOptions options)
        {
            if (value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
            {
                writer.WriteStartObject();
                writer.WriteEndObject();
            }
            else
            {
                value.WriteTo(writer);
            }
        }
    }
}

/// <summary>The environment of a child: nothing of the host's beyond a short list, so that no secret leaks.</summary>
internal static class ScriptEnvironment
{
    private static readonly string[] Passed =
    [
        "PATH", "EVENTML_TORCH_NATIVE", "OMP_NUM_THREADS", "OMP_WAIT_POLICY", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "DOTNET_ROOT", "CUDA_VISIBLE_DEVICES",
    ];

    public static Dictionary<string, string> Create(ScriptFolders folders, IReadOnlyDictionary<string, string> extra)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOME"] = folders.Home,
            ["TMPDIR"] = folders.Temporary,
            ["LANG"] = "C.UTF-8",
            ["DOTNET_CLI_HOME"] = folders.Home,
            ["DOTNET_NOLOGO"] = "1",
            ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
            // Waiting threads that spin bring small networks to a halt as soon as anything else runs on the machine.
            ["OMP_WAIT_POLICY"] = "passive",
            ["PYTHONUNBUFFERED"] = "1",
            ["PYTHONDONTWRITEBYTECODE"] = "1",
        };
        foreach (var name in Passed)
        {
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value)
            {
                environment[name] = value;
            }
        }

        environment.TryAdd("PATH", "/usr/local/bin:/usr/bin:/bin");
        foreach (var (name, value) in extra)
        {
            environment[name] = value;
        }

        return environment;
    }
}
