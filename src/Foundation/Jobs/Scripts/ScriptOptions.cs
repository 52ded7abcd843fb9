using System.ComponentModel.DataAnnotations;

namespace EventMl.Jobs.Scripts;

/// <summary>Where scripts and inputs may come from, and what a script may use.</summary>
public sealed record ScriptOptions
{
    /// <summary>Folders from which scripts may be run; relative script paths are looked up in them in this order. Empty: no user scripts.</summary>
    public IReadOnlyList<string> ScriptRoots { get; init; } = [];

    /// <summary>Folders from which inputs may be read; relative input paths are looked up in them in this order.</summary>
    public IReadOnlyList<string> InputRoots { get; init; } = [];

    /// <summary>Folder of the platform's state; compiled scripts are kept in <c>scripts/</c> below it.</summary>
    [Required(ErrorMessage = "The state folder is not set; set EVENTML_STATE_DIR to a folder that other users may enter.")]
    public string StatePath { get; init; } = "";

    /// <summary>Folder with the Python package <c>eventml</c>. The default is <c>python</c> beside the host's assemblies.</summary>
    public string PythonPath { get; init; } = Path.Combine(AppContext.BaseDirectory, "python");

    /// <summary>The Python interpreter. The default is Debian's, which has python3-torch.</summary>
    public string PythonExecutable { get; init; } = "/usr/bin/python3";

    /// <summary>Folder with the assemblies that C# scripts reference. The default is the host's own.</summary>
    public string AssembliesPath { get; init; } = AppContext.BaseDirectory;

    /// <summary>User that runs user scripts when the platform runs as root. The default is <c>eventml-script</c>.</summary>
    [RegularExpression("[a-z_][a-z0-9_-]{0,31}")]
    public string ScriptUser { get; init; } = "eventml-script";

    /// <summary>Whether user scripts may reach the network, the platform's own servers on loopback included. The default is no.</summary>
    public bool AllowNetwork { get; init; }

    /// <summary>How long a child may take to end after it was asked to, before it is killed with all its children. The default is 10 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest time for compiling a C# script. The default is 2 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan CompileTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Longest time for bringing scripts from a Git repository. The default is 2 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan GitTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Largest size of a Git repository at one commit, history not counted, in bytes. The default is 200 MB.</summary>
    [Range(1_000_000, long.MaxValue)]
    public long MaxGitBytes { get; init; } = 200_000_000;

    /// <summary>Largest log of an attempt in bytes: its first half, and of what follows the last quarter at least. The default is 10 MiB.</summary>
    [Range(4096, int.MaxValue)]
    public int MaxLogBytes { get; init; } = 10 * 1024 * 1024;

    /// <summary>What a child may use at most, and does unless its task asks for less. The default is 1024 processes and nothing else.</summary>
    public ScriptLimits Limits { get; init; } = new() { Processes = 1024 };

    internal Isolation? Isolation { get; init; }
}
