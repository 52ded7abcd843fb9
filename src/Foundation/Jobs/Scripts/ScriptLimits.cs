using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;
using EventMl.EventStore;

namespace EventMl.Jobs.Scripts;

/// <summary>What a child process with all its descendants may use; null is unlimited.</summary>
public sealed record ScriptLimits
{
    /// <summary>Property of a task's parameters that lowers the limits for this task.</summary>
    public const string Property = "limits";

    /// <summary>Memory that cannot be given back (not mapped files), in bytes.</summary>
    [Range(1 << 20, long.MaxValue)]
    public long? MemoryBytes { get; init; }

    /// <summary>Processes at the same time.</summary>
    [Range(1, 1_000_000)]
    public long? Processes { get; init; }

    /// <summary>Processor time of all processes together, in seconds.</summary>
    [Range(1, long.MaxValue)]
    public long? CpuSeconds { get; init; }

    /// <summary>Processor cores.</summary>
    [Range(1, 4096)]
    public long? Cores { get; init; }

    /// <summary>Size of one file, in bytes.</summary>
    [Range(1, long.MaxValue)]
    public long? FileBytes { get; init; }

    /// <summary>Size of everything in the task's folders, in bytes.</summary>
    [Range(1, long.MaxValue)]
    public long? DiskBytes { get; init; }

    /// <summary>Open files of one process.</summary>
    [Range(8, 1_000_000)]
    public long? OpenFiles { get; init; }

    /// <summary>The limits of a task: what its parameters ask for, within these, which are the host's; or what is wrong with them.</summary>
    /// <param name="parameters">The task's parameters, a JSON object or nothing.</param>
    public (ScriptLimits? Limits, string? Problem) For(JsonElement parameters)
    {
        if (parameters.ValueKind != JsonValueKind.Object || !parameters.TryGetProperty(Property, out var asked))
        {
            return (this, null);
        }

        if (asked.ValueKind != JsonValueKind.Object)
        {
            return (null, $"'params.{Property}' must be an object such as {{\"memory_mb\": 2000}}; it may have {Names}.");
        }

        var limits = this;
        foreach (var property in asked.EnumerateObject())
        {
            if (LimitKind.Find(property.Name) is not { } kind)
            {
                return (null, $"'params.{Property}' has '{Clean.Text(property.Name, 100)}', which is no limit; it may have {Names}.");
            }

            if (property.Value.ValueKind != JsonValueKind.Number || !property.Value.TryGetInt64(out var value) || value < 1 || value > long.MaxValue / kind.Unit)
            {
                return (null, $"'params.{Property}.{kind.Name}' must be a whole number from 1.");
            }

            if (kind.Get(this) is { } maximum && value > maximum / kind.Unit)
            {
                return (null, $"'params.{Property}.{kind.Name}' is {value}; this host allows at most {maximum / kind.Unit} ({kind.Setting}).");
            }

            limits = kind.Set(limits, value * kind.Unit);
        }

        return (limits, null);
    }

    private static string Names => string.Join(", ", LimitKind.All.Select(k => k.Name));
}

/// <summary>One limit: how a task and a host name it, and what to do when it is reached.</summary>
internal sealed record LimitKind(string Name, string Setting, long Unit, string What, string Advice, Func<ScriptLimits, long?> Get, Func<ScriptLimits, long, ScriptLimits> Set)
{
    private const long Megabyte = 1_000_000;

    public static LimitKind Memory { get; } = new(
        "memory_mb", "EVENTML_SCRIPT_MEMORY_MB", Megabyte, "MB of memory", "Work on the data in batches", l => l.MemoryBytes, (l, v) => l with { MemoryBytes = v });

    public static LimitKind Processes { get; } = new(
        "processes", "EVENTML_SCRIPT_PROCESSES", 1, "processes", "Start fewer processes at a time, and wait for those that end", l => l.Processes, (l, v) => l with { Processes = v });

    public static LimitKind CpuSeconds { get; } = new(
        "cpu_seconds", "EVENTML_SCRIPT_CPU_SECONDS", 1, "seconds of processor time", "Split the work into several tasks", l => l.CpuSeconds, (l, v) => l with { CpuSeconds = v });

    public static LimitKind Cores { get; } = new("cores", "EVENTML_SCRIPT_CORES", 1, "cores", "", l => l.Cores, (l, v) => l with { Cores = v });

    public static LimitKind File { get; } = new(
        "file_mb", "EVENTML_SCRIPT_FILE_MB", Megabyte, "MB in one file", "Write several smaller files", l => l.FileBytes, (l, v) => l with { FileBytes = v });

    public static LimitKind Disk { get; } = new(
        "disk_mb", "EVENTML_SCRIPT_DISK_MB", Megabyte, "MB on disk in the task's folders", "Remove what is no longer needed while running", l => l.DiskBytes, (l, v) => l with { DiskBytes = v });

    public static LimitKind OpenFiles { get; } = new("open_files", "EVENTML_SCRIPT_OPEN_FILES", 1, "open files", "", l => l.OpenFiles, (l, v) => l with { OpenFiles = v });

    public static IReadOnlyList<LimitKind> All { get; } = [Memory, Processes, CpuSeconds, Cores, File, Disk, OpenFiles];

    public static LimitKind? Find(string name) => All.FirstOrDefault(k => k.Name == name);

    /// <summary>The error of a task that reached the limit; <paramref name="seen"/> is null where the kernel stopped it there.</summary>
    public string Explain(ScriptLimits limits, long? seen)
    {
        var limit = Shown(Get(limits)!.Value);
        var used = seen is { } value ? $"The script used {Shown(value)} {What}; its limit is {limit}." : $"The script needed more than {limit} {What}, its limit.";
        return $"{used} {Advice}, or give the task more by 'params.{ScriptLimits.Property}.{Name}' up to the host's {Setting}.";
    }

    private string Shown(long value) => (Unit == 1 ? value : (double)value / Unit).ToString("0.#", CultureInfo.InvariantCulture);
}
