using System.Security.Cryptography;
using EventMl.Contracts;

namespace EventMl.Jobs.Scripts;

/// <summary>How a script is run.</summary>
public enum ScriptKind
{
    /// <summary>A Python module with a function <c>run</c>.</summary>
    Python = 0,

    /// <summary>A C# file-based program that calls <c>Script.Run</c>.</summary>
    CSharp = 1,

    /// <summary>A compiled .NET program.</summary>
    Assembly = 2,

    /// <summary>Any program that speaks the protocol.</summary>
    Executable = 3,
}

/// <summary>A script that may be run.</summary>
/// <param name="Path">Absolute path, links resolved.</param>
/// <param name="Kind">How it is run.</param>
/// <param name="Sha256">Of its content, lower-case hexadecimal.</param>
public sealed record ScriptFile(string Path, ScriptKind Kind, string Sha256);

/// <summary>Finds scripts and inputs under the allowed folders and nowhere else.</summary>
/// <param name="options">The allowed folders.</param>
public sealed class ScriptFinder(ScriptOptions options)
{
    /// <summary>The script behind a path as a user gave it, or why it may not be run.</summary>
    public (ScriptFile? Script, Refusal? Refusal) FindScript(string path)
    {
        var (found, refusal) = Find(path, options.ScriptRoots, "script");
        if (found is null)
        {
            return (null, refusal);
        }

        if (!File.Exists(found))
        {
            return Refuse($"The script '{path}' is a folder; give the path of a file.");
        }

        ScriptKind kind;
        switch (System.IO.Path.GetExtension(found).ToLowerInvariant())
        {
            case ".py":
                kind = ScriptKind.Python;
                break;
            case ".cs":
                kind = ScriptKind.CSharp;
                break;
            case ".dll":
                kind = ScriptKind.Assembly;
                break;
            default:
                if ((File.GetUnixFileMode(found) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) == UnixFileMode.None)
                {
                    return Refuse($"The script '{path}' is neither .py, .cs nor .dll, and not executable; make it executable with chmod +x if it is a program.");
                }

                kind = ScriptKind.Executable;
                break;
        }

        try
        {
            using var content = File.OpenRead(found);
            return (new ScriptFile(found, kind, Convert.ToHexStringLower(SHA256.HashData(content))), null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Refuse($"The script '{path}' cannot be read: {e.Message}");
        }

        static (ScriptFile?, Refusal?) Refuse(string message) => (null, new Refusal(ErrorCodes.InvalidRequest, message));
    }

    /// <summary>The folder behind a path below the script roots, links resolved; null where there is none.</summary>
    internal string? FindFolder(string path) => Find(path, options.ScriptRoots, "repository").Path is { } found && Directory.Exists(found) ? found : null;

    /// <summary>The file or folder behind an input path as a user gave it (absolute, links resolved), or why it may not be read.</summary>
    public (string? Path, Refusal? Refusal) FindInput(string path) => Find(path, options.InputRoots, "input");

    private static (string? Path, Refusal? Refusal) Find(string path, IReadOnlyList<string> roots, string what)
    {
        if (string.IsNullOrWhiteSpace(path) || path.Contains('\0') || path.Length > 4096)
        {
            return Refuse($"The {what} path is empty or not a path.");
        }

        if (path.Split('/').Contains(".."))
        {
            return Refuse($"The {what} path '{Shown(path)}' contains '..'; give a path below {Names(roots)}.");
        }

        var allowed = roots.Select(Native.RealPath).OfType<string>().ToArray();
        var candidates = System.IO.Path.IsPathRooted(path) ? [path] : allowed.Select(r => System.IO.Path.Combine(r, path));
        var seen = false;
        foreach (var candidate in candidates.Select(Native.RealPath).OfType<string>())
        {
            seen = true;
            if (allowed.Any(r => candidate == r || candidate.StartsWith(r.EndsWith('/') ? r : r + "/", StringComparison.Ordinal)))
            {
                return (candidate, null);
            }
        }

        // The same words whether something outside exists or not: this must not become a way to look around.
        return Refuse(
            seen || System.IO.Path.IsPathRooted(path)
                ? $"The {what} '{Shown(path)}' does not exist below the allowed folders; put it below {Names(roots)}."
                : $"The {what} '{Shown(path)}' was not found; it is looked up below {Names(roots)}.");

        static (string?, Refusal?) Refuse(string message) => (null, new Refusal(ErrorCodes.InvalidRequest, message));
    }

    private static string Shown(string path) => EventStore.Clean.Text(path, 300);

    private static string Names(IReadOnlyList<string> roots) => roots.Count == 0 ? "an allowed folder (none is configured)" : string.Join(" or ", roots);
}
