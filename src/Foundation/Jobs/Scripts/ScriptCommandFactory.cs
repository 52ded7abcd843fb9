using EventMl.Contracts;

namespace EventMl.Jobs.Scripts;

/// <summary>Makes a command out of a script; C# scripts are compiled first, once per content.</summary>
/// <param name="options">Interpreters and folders.</param>
/// <param name="compiler">Compiles C# scripts.</param>
public sealed class ScriptCommandFactory(ScriptOptions options, ScriptCompiler compiler)
{
    /// <summary>The .NET host that runs compiled scripts and the platform's own jobs.</summary>
    public static string DotnetPath { get; } = FindDotnet();

    /// <summary>The command for a user's script, or why there is none (a C# script that does not compile).</summary>
    public async Task<(ScriptCommand? Command, TaskError? Error)> CreateAsync(ScriptFile script, ScriptRequest request, CancellationToken cancellationToken = default)
    {
        var user = ScriptUser.Find(options.ScriptUser);
        var path = user is null || script.Kind is ScriptKind.CSharp or ScriptKind.Assembly ? script.Path : ScriptShelf.Reachable(script.Path, request.WorkPath);
        switch (script.Kind)
        {
            case ScriptKind.Python:
                return (Command(options.PythonExecutable, "-m", "eventml.run", path) with { Environment = Variables("PYTHONPATH", PythonPath(user)) }, null);
            case ScriptKind.CSharp:
                var (assembly, error) = await compiler.CompileAsync(script, cancellationToken);
                return assembly is null ? (null, error) : (Command(DotnetPath, assembly), null);
            case ScriptKind.Assembly:
                return (Command(DotnetPath, user is null ? script.Path : WithNeighbours(script.Path)), null);
            default:
                return (Command(path), null);
        }

        ScriptCommand Command(string fileName, params string[] arguments) =>
            new() { FileName = fileName, Arguments = arguments, Sha256 = script.Sha256, IsUserScript = true, Request = request };
    }

    /// <summary>The command for a job of the platform's own: an assembly beside the host, run by the platform's user.</summary>
    public static ScriptCommand CreateBuiltIn(string assemblyPath, IReadOnlyList<string> arguments, ScriptRequest request) =>
        new() { FileName = DotnetPath, Arguments = [assemblyPath, .. arguments], Request = request };

    // A .NET program is nothing without the files beside it.
    private string WithNeighbours(string assembly)
    {
        var folder = Path.GetDirectoryName(assembly)!;
        return ScriptShelf.OthersCanRead(assembly)
            ? assembly
            : Path.Combine(ScriptShelf.Publish(options.StatePath, folder, [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)]), Path.GetFileName(assembly));
    }

    private string PythonPath(ScriptUser? user) =>
        user is null ? options.PythonPath : ScriptShelf.Publish(options.StatePath, options.PythonPath, [.. Directory.GetFiles(options.PythonPath, "*.py", SearchOption.AllDirectories).Order(StringComparer.Ordinal)]);

    private static Dictionary<string, string> Variables(string name, string value) => new(StringComparer.Ordinal) { [name] = value };

    private static string FindDotnet()
    {
        var candidates = new[] { Environment.ProcessPath, Join(Environment.GetEnvironmentVariable("DOTNET_ROOT")) }
            .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(Join))
            .Append("/usr/share/dotnet/dotnet");
        return candidates.FirstOrDefault(c => c is not null && Path.GetFileName(c) == "dotnet" && File.Exists(c)) ?? "/usr/bin/dotnet";

        static string? Join(string? folder) => string.IsNullOrEmpty(folder) ? null : Path.Combine(folder, "dotnet");
    }
}
