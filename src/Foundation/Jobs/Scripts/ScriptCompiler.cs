using System.Collections.Concurrent;
using System.ComponentModel;
using System.Security.Cryptography;
using System.Text;
using EventMl.Contracts;
using EventMl.EventStore;

namespace EventMl.Jobs.Scripts;

/// <summary>Compiles C# file-based programs in an empty folder outside any checkout, as the script user, and keeps the result by content.</summary>
/// <param name="options">State folder, assemblies to reference, limits.</param>
public sealed class ScriptCompiler(ScriptOptions options)
{
    private static readonly string[] References = ["EventMl.Sdk", "EventMl.Arrow", "EventMl.Torch", "EventMl.Lake", "EventMl.Contracts"];

    private readonly ConcurrentDictionary<string, SemaphoreSlim> _locks = new(StringComparer.Ordinal);
    private readonly Lazy<string[]> _assemblies = new(() =>
        [.. References.Select(r => Path.Combine(Path.GetFullPath(options.AssembliesPath), r + ".dll")).Where(File.Exists)]);

    /// <summary>How many compilations this object has started; the rest came from the cache.</summary>
    public int Compilations => _compilations;

    private int _compilations;

    /// <summary>The path of the compiled program, or the compiler's messages.</summary>
    public async Task<(string? Assembly, TaskError? Error)> CompileAsync(ScriptFile script, CancellationToken cancellationToken = default)
    {
        var source = await File.ReadAllBytesAsync(script.Path, cancellationToken);
        var key = await KeyAsync(source, cancellationToken);
        var target = Path.Combine(options.StatePath, "scripts", key);
        var assembly = Path.Combine(target, "script.dll");
        var one = _locks.GetOrAdd(key, _ => new SemaphoreSlim(1));
        await one.WaitAsync(cancellationToken);
        try
        {
            return File.Exists(assembly) ? (assembly, null) : await BuildAsync(source, Path.GetFileName(script.Path), target, cancellationToken);
        }
        finally
        {
            one.Release();
        }
    }

    private async Task<(string? Assembly, TaskError? Error)> BuildAsync(byte[] source, string name, string target, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _compilations);
        var sandbox = target + ".build-" + Ids.New().ToString("N");
        try
        {
            var user = ScriptUser.Find(options.ScriptUser);
            var folders = await LayOutAsync(sandbox, source, user, cancellationToken);
            var (exitCode, output) = await RunAsync(sandbox, folders, user, NeedsPackages(source), cancellationToken);
            if (exitCode is null)
            {
                return (null, new TaskError(ErrorCodes.ScriptFailed, $"The C# script did not compile within {options.CompileTimeout.TotalSeconds:0} seconds."));
            }

            var built = Path.Combine(sandbox, "out");
            if (exitCode != 0 || !File.Exists(Path.Combine(built, "script.dll")))
            {
                return (null, new TaskError(ErrorCodes.ScriptFailed, $"The C# script does not compile:\n{Messages(output, Path.Combine(sandbox, "src"), name)}"));
            }

            Keep(built, target);
            return (Path.Combine(target, "script.dll"), null);
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            return (null, new TaskError(ErrorCodes.ScriptFailed, $"The C# script could not be compiled: {e.Message}"));
        }
        finally
        {
            if (Directory.Exists(sandbox))
            {
                Directory.Delete(sandbox, recursive: true);
            }
        }
    }

    private async Task<ScriptFolders> LayOutAsync(string sandbox, byte[] source, ScriptUser? user, CancellationToken cancellationToken)
    {
        var folders = new ScriptFolders(Path.Combine(sandbox, "home"), Path.Combine(sandbox, "tmp"), sandbox);
        var src = Path.Combine(sandbox, "src");
        string[] all = [src, folders.Home, folders.Temporary, Path.Combine(sandbox, "out")];
        foreach (var path in all)
        {
            Directory.CreateDirectory(path);
        }

        var shelf = user is null ? null : ScriptShelf.Publish(options.StatePath, Path.GetFullPath(options.AssembliesPath), _assemblies.Value);
        var references = string.Concat(_assemblies.Value.Select(a => shelf is null ? a : Path.Combine(shelf, Path.GetFileName(a))).Select(a =>
            $"<Reference Include=\"{Path.GetFileNameWithoutExtension(a)}\"><HintPath>{System.Security.SecurityElement.Escape(a)}</HintPath></Reference>"));
        var files = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Directory.Build.props"] =
                $"<Project><PropertyGroup><Nullable>enable</Nullable><InvariantGlobalization>true</InvariantGlobalization><NuGetAudit>false</NuGetAudit></PropertyGroup><ItemGroup>{references}</ItemGroup></Project>",
            // Each of these stops a search that would otherwise go up to the root.
            ["Directory.Build.targets"] = "<Project />",
            ["Directory.Packages.props"] = "<Project />",
            [".editorconfig"] = "root = true\n",
        };
        if (!NeedsPackages(source))
        {
            files["nuget.config"] = "<configuration><packageSources><clear /></packageSources></configuration>";
        }

        await File.WriteAllBytesAsync(Path.Combine(src, "script.cs"), source, cancellationToken);
        foreach (var (file, text) in files)
        {
            await File.WriteAllTextAsync(Path.Combine(src, file), text, cancellationToken);
        }

        if (user is not null)
        {
            foreach (var path in all)
            {
                Native.GiveTo(path, user);
            }
        }

        return folders;
    }

    private async Task<(int? ExitCode, string Output)> RunAsync(string sandbox, ScriptFolders folders, ScriptUser? user, bool network, CancellationToken cancellationToken)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal) { ["MSBUILDDISABLENODEREUSE"] = "1", ["DOTNET_SKIP_FIRST_TIME_EXPERIENCE"] = "1" };
        using var child = await ChildProcess.StartAsync(new ChildPlan(
            ScriptCommandFactory.DotnetPath,
            [
                "build", "script.cs", "-o", Path.Combine(sandbox, "out"), "-v", "quiet", "-nologo", "--disable-build-servers",
                "-p:PublishAot=false", "-p:UseSharedCompilation=false", "-p:UseAppHost=false", "-p:TreatWarningsAsErrors=false",
            ],
            ScriptEnvironment.Create(folders, variables), Path.Combine(sandbox, "src"), "compile/" + Path.GetFileName(sandbox), user, network, new ScriptLimits(), options.Isolation ?? Isolation.Here));
        child.Input.Close();
        var output = new StringBuilder();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.CompileTimeout);
        await using var kill = limit.Token.Register(child.KillAll);
        await Task.WhenAll(LineReader.ReadAsync(child.Output, Collect, () => { }, limit.Token), LineReader.ReadAsync(child.Error, Collect, () => { }, limit.Token));
        var exitCode = await child.Exited;
        child.KillAll();
        cancellationToken.ThrowIfCancellationRequested();
        return (limit.IsCancellationRequested ? null : exitCode, output.ToString());

        ValueTask Collect(ReadOnlyMemory<byte> line, bool cut)
        {
            lock (output)
            {
                if (output.Length < LineReader.MaxLine)
                {
                    output.AppendLine(Encoding.UTF8.GetString(line.Span));
                }
            }

            return ValueTask.CompletedTask;
        }
    }

    private static bool NeedsPackages(byte[] source) => Encoding.UTF8.GetString(source).Contains("#:package", StringComparison.Ordinal);

    private async Task<string> KeyAsync(byte[] source, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(SHA256.HashData(source));
        hash.AppendData(Encoding.UTF8.GetBytes(Environment.Version.ToString()));
        foreach (var assembly in _assemblies.Value)
        {
            hash.AppendData(SHA256.HashData(await File.ReadAllBytesAsync(assembly, cancellationToken)));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // The sandbox belongs to the script user; what is kept belongs to the platform, so that no script can change another's program.
    private static void Keep(string built, string target)
    {
        var kept = target + ".new-" + Ids.New().ToString("N");
        Directory.CreateDirectory(kept);
        foreach (var file in new DirectoryInfo(built).EnumerateFiles().Where(f => f.LinkTarget is null))
        {
            file.CopyTo(Path.Combine(kept, file.Name));
        }

        try
        {
            Directory.Move(kept, target);
        }
        catch (IOException) when (File.Exists(Path.Combine(target, "script.dll")))
        {
            // Another process compiled the same script at the same time.
            Directory.Delete(kept, recursive: true);
        }
    }

    private static string Messages(string output, string folder, string name)
    {
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(l => l.Contains(": error ", StringComparison.Ordinal))
            .Select(l => l.Replace(folder + "/script.cs", name, StringComparison.Ordinal))
            .Distinct(StringComparer.Ordinal)
            .Take(20)
            .ToArray();
        return Clean.Text(lines.Length > 0 ? string.Join('\n', lines) : output, 8000);
    }
}
