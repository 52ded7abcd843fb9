using System.Text.Json;

namespace EventMl.Jobs.Scripts;

/// <summary>What a child process is told on its standard input; also the arguments of <c>run(input_path, output_path, params)</c>.</summary>
public sealed record ScriptRequest
{
    /// <summary>Id of the task.</summary>
    public required string TaskId { get; init; }

    /// <summary>Attempt, from 1.</summary>
    public required int Attempt { get; init; }

    /// <summary>Folder or file to read.</summary>
    public required string InputPath { get; init; }

    /// <summary>Folder to write into; created when missing and given to the script's user.</summary>
    public required string OutputPath { get; init; }

    /// <summary>Folder for checkpoints, the same for all attempts of a task; created when missing.</summary>
    public required string CheckpointPath { get; init; }

    /// <summary>Working directory of the task; logs go to <c>logs/&lt;attempt&gt;.log</c> in it.</summary>
    public required string WorkPath { get; init; }

    /// <summary>Parameters as the user gave them, a JSON object.</summary>
    public JsonElement Params { get; init; }

    /// <summary>What the platform adds for its own jobs, a JSON object; undefined for user scripts.</summary>
    public JsonElement Extra { get; init; }
}

/// <summary>A program ready to be started, and what it shall be told.</summary>
public sealed record ScriptCommand
{
    /// <summary>Absolute path of the program.</summary>
    public required string FileName { get; init; }

    /// <summary>Its arguments.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Environment variables beyond the standard ones; nothing else of the host's environment is passed on.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>SHA-256 of the script, lower-case hexadecimal, for the record; null for the platform's own jobs.</summary>
    public string? Sha256 { get; init; }

    /// <summary>True when a user wrote it: it then runs as the unprivileged script user where the platform runs as root.</summary>
    public bool IsUserScript { get; init; }

    /// <summary>The request.</summary>
    public required ScriptRequest Request { get; init; }
}
