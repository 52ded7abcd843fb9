using System.Collections.Concurrent;
using System.ComponentModel;
using System.Text;
using EventMl.Contracts;
using EventMl.EventStore;

namespace EventMl.Jobs.Scripts;

/// <summary>
/// Brings scripts from Git into the state folder, one folder for each commit: no hooks, no submodules, no filters, no credentials asked for,
/// as the script user and within a time and a size.
/// </summary>
/// <param name="options">State folder, roots for <c>file</c> addresses, script user, limits.</param>
public sealed class GitScripts(ScriptOptions options)
{
    private const string Git = "/usr/bin/git";
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _locks = new(StringComparer.Ordinal);

    /// <summary>Why a reference cannot be used, as far as can be said without asking its repository.</summary>
    public Refusal? Check(string script) => GitReference.Parse(script) switch
    {
        (null, var problem) => RequestRules.Invalid(problem!),
        ({ } reference, _) => CheckRoot(reference) is { } problem ? RequestRules.Invalid(problem) : null,
    };

    /// <summary>The folder of the commit and the path of the script in it, or why there is none.</summary>
    public async Task<(string? Root, string? Path, string? Problem)> FetchAsync(string script, CancellationToken cancellationToken = default)
    {
        var (reference, problem) = GitReference.Parse(script);
        if ((problem ?? CheckRoot(reference!)) is { } wrong)
        {
            return (null, null, wrong);
        }

        // By the address too: that a commit is in one repository must not show to who may only read another.
        var key = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(reference!.Url)))[..16] + "-" + reference.Commit;
        var target = Path.Combine(options.StatePath, "git", key);
        var one = _locks.GetOrAdd(key, _ => new SemaphoreSlim(1));
        await one.WaitAsync(cancellationToken);
        try
        {
            problem = Directory.Exists(target) ? null : await CloneAsync(reference, target, cancellationToken);
        }
        finally
        {
            one.Release();
        }

        return problem is null ? (target, reference.Path, null) : (null, null, problem);
    }

    // A repository on this machine is a path like any other.
    private string? CheckRoot(GitReference reference) =>
        new Uri(reference.Url) is { Scheme: "file" } uri && (uri.Host.Length > 0 || new ScriptFinder(options).FindFolder(uri.LocalPath) is null)
            ? $"The repository '{Clean.Text(reference.Url, 300)}' does not lie below the allowed folders; put it below {string.Join(" or ", options.ScriptRoots)}."
            : null;

    private async Task<string?> CloneAsync(GitReference reference, string target, CancellationToken cancellationToken)
    {
        if (!File.Exists(Git))
        {
            return "Scripts from Git need the program git, which this machine does not have; install it, or put the script below an allowed folder.";
        }

        var sandbox = $"{target}.new-{Ids.New():N}";
        try
        {
            var user = ScriptUser.Find(options.ScriptUser);
            var folders = new ScriptFolders(Path.Combine(sandbox, "home"), Path.Combine(sandbox, "tmp"), sandbox);
            var tree = Path.Combine(sandbox, "tree");
            foreach (var path in new[] { folders.Home, folders.Temporary, tree })
            {
                Directory.CreateDirectory(path);
                if (user is not null)
                {
                    Native.GiveTo(path, user);
                }
            }

            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(options.GitTimeout);
            string[][] steps =
            [
                ["init", "--quiet", "--template=", "."],
                // The objects first, since the size of what is checked out is not known before.
                ["fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--", reference.Url, reference.Commit],
                ["checkout", "--quiet", "--detach", reference.Commit],
            ];
            foreach (var step in steps)
            {
                if (await RunAsync(step, tree, folders, user, limit.Token) is { } problem)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    return $"The script could not be brought from {Clean.Text(reference.Url, 300)}: "
                        + (limit.IsCancellationRequested ? $"it took longer than {options.GitTimeout.TotalSeconds:0} seconds." : problem);
                }
            }

            Keep(tree, sandbox, target);
            return null;
        }
        catch (Exception e) when (e is Win32Exception or IOException or UnauthorizedAccessException)
        {
            return $"The script could not be brought from Git: {e.Message}";
        }
        finally
        {
            if (Directory.Exists(sandbox))
            {
                Directory.Delete(sandbox, recursive: true);
            }
        }
    }

    private async Task<string?> RunAsync(string[] step, string tree, ScriptFolders folders, ScriptUser? user, CancellationToken limit)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["GIT_CONFIG_NOSYSTEM"] = "1",
            ["GIT_TERMINAL_PROMPT"] = "0",
            ["GIT_ASKPASS"] = "/bin/false",
            ["GIT_ALLOW_PROTOCOL"] = "file:https:ssh",
            ["GIT_SSH_COMMAND"] = "ssh -oBatchMode=yes",
            ["GIT_LFS_SKIP_SMUDGE"] = "1",
        };
        // Below an allowed root any owner of a repository will do; git takes this from nowhere but a file of the user's.
        await File.WriteAllTextAsync(Path.Combine(folders.Logs, "gitconfig"), "[safe]\n\tdirectory = *\n", limit);
        variables["GIT_CONFIG_GLOBAL"] = Path.Combine(folders.Logs, "gitconfig");
        var limits = new ScriptLimits { DiskBytes = options.MaxGitBytes, FileBytes = options.MaxGitBytes, Processes = 64 };
        using var child = await ChildProcess.StartAsync(new ChildPlan(
            Git,
            ["-c", "core.hooksPath=/dev/null", "-c", "core.symlinks=false", "-c", "core.fsmonitor=false", "-c", "submodule.recurse=false", "-c", "gc.auto=0", .. step],
            ScriptEnvironment.Create(folders, variables), tree, "git/" + Path.GetFileName(folders.Logs), user, Network: true, limits, options.Isolation ?? Isolation.Here));
        child.Input.Close();
        using var over = new CancellationTokenSource();
        var passed = new Watchdog(child.Processes, (options.Isolation ?? Isolation.Here).OwnProcesses, limits, [tree], TimeProvider.System).WatchAsync(over.Token);
        var output = new StringBuilder();
        await using var kill = limit.Register(child.KillAll);
        var read = Task.WhenAll(LineReader.ReadAsync(child.Output, Collect, () => { }, limit), LineReader.ReadAsync(child.Error, Collect, () => { }, limit));
        if (await Task.WhenAny(read, passed) == passed)
        {
            child.KillAll();
        }

        await read;
        var exitCode = await child.Exited;
        await over.CancelAsync();
        child.KillAll();
        return await passed is not null || Native.SignalOf(exitCode) == "SIGXFSZ" ? $"it is larger than {options.MaxGitBytes / 1_000_000} MB."
            : exitCode != 0 ? Clean.Text(output.ToString().Trim(), 2000) : null;

        ValueTask Collect(ReadOnlyMemory<byte> line, bool cut)
        {
            lock (output)
            {
                if (output.Length < 4000)
                {
                    output.AppendLine(Encoding.UTF8.GetString(line.Span));
                }
            }

            return ValueTask.CompletedTask;
        }
    }

    // What is kept belongs to the platform and can be read by all; links of the repository have become files that hold their text.
    private static void Keep(string tree, string sandbox, string target)
    {
        Directory.Delete(Path.Combine(tree, ".git"), recursive: true);
        var files = new DirectoryInfo(tree).EnumerateFiles("*", SearchOption.AllDirectories).Where(f => f.LinkTarget is null).Select(f => f.FullName);
        var kept = Path.Combine(sandbox, "kept");
        ScriptShelf.Copy(tree, [.. files], kept);
        try
        {
            Directory.Move(kept, target);
        }
        catch (IOException) when (Directory.Exists(target))
        {
            // Another process was first with the same commit.
        }
    }
}
