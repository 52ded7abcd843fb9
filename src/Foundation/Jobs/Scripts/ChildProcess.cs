using System.Diagnostics;

namespace EventMl.Jobs.Scripts;

/// <summary>What to start and under which limits.</summary>
internal sealed record ChildPlan(
    string FileName, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, string WorkingDirectory, string Mark, ScriptUser? User, bool Network, ScriptOptions Limits);

/// <summary>
/// A child in a session of its own that ends with this process, however this process ends. The kernel sends the parent-death signal when the
/// parent <em>thread</em> ends, so a thread that lives as long as the child starts it and waits for it.
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    /// <summary>Environment variable by which processes of a run are found even when they left its session.</summary>
    public const string MarkVariable = "EVENTML_RUN";

    private readonly Process _process;
    private readonly string _mark;

    private ChildProcess(Process process, string mark, Task<int> exited)
    {
        _process = process;
        _mark = mark;
        Exited = exited;
    }

    /// <summary>Completes with the exit code, 128 + n when signal n ended it.</summary>
    public Task<int> Exited { get; }

    public Stream Input => _process.StandardInput.BaseStream;

    public Stream Output => _process.StandardOutput.BaseStream;

    public Stream Error => _process.StandardError.BaseStream;

    public static async Task<ChildProcess> StartAsync(ChildPlan plan)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        var exited = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() => StartAndWait(plan, started, exited), 256 * 1024) { IsBackground = true, Name = "child " + plan.Mark };
        thread.Start();
        return new ChildProcess(await started.Task, plan.Mark, exited.Task);
    }

    /// <summary>Asks the child itself to end.</summary>
    public void Terminate() => Native.Kill(_process.Id, Native.SigTerm);

    /// <summary>Ends every process of the run: its group, and those that left it.</summary>
    public void KillAll()
    {
        Native.Kill(-_process.Id, Native.SigKill);
        KillMarked(_mark);
    }

    /// <summary>Ends the processes whose mark begins as given; those of other users, which cannot be read, are left out.</summary>
    public static void KillMarked(string mark)
    {
        var wanted = $"{MarkVariable}={mark}";
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out var id) || id == Environment.ProcessId)
            {
                continue;
            }

            try
            {
                if (File.ReadAllText(Path.Combine(folder, "environ")).Split('\0').Any(v => v.StartsWith(wanted, StringComparison.Ordinal)))
                {
                    Native.Kill(id, Native.SigKill);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Gone in the meantime, or not ours.
            }
        }
    }

    public void Dispose() => _process.Dispose();

    private static void StartAndWait(ChildPlan plan, TaskCompletionSource<Process> started, TaskCompletionSource<int> exited)
    {
        Process? process = null;
        try
        {
            process = Process.Start(Describe(plan))!;
        }
        catch (Exception e)
        {
            process?.Dispose();
            started.SetException(e);
            return;
        }

        started.SetResult(process);
        process.WaitForExit();
        exited.SetResult(process.ExitCode);
    }

    private static ProcessStartInfo Describe(ChildPlan plan)
    {
        var info = new ProcessStartInfo("/usr/bin/setsid")
        {
            UseShellExecute = false,
            WorkingDirectory = plan.WorkingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Each of these replaces itself by the next: one process, in its own session, the first to go when memory runs out.
        Add("/usr/bin/choom", "-n", "500", "--", "/usr/bin/prlimit", "--core=0:0");
        if (plan.Limits.MaxMemoryBytes is { } memory)
        {
            Add($"--data={memory}:{memory}");
        }

        if (plan.Limits.MaxFileBytes is { } file)
        {
            Add($"--fsize={file}:{file}");
        }

        if (plan.Limits.MaxOpenFiles is { } files)
        {
            Add($"--nofile={files}:{files}");
        }

        if (!plan.Network)
        {
            Add([.. NetworkIsolation.Prefix]);
        }

        Add("/usr/bin/setpriv", "--no-new-privs", "--pdeathsig", "KILL");
        if (plan.User is { } user)
        {
            Add($"--reuid={user.UserId}", $"--regid={user.GroupId}", "--clear-groups");
        }

        Add("--", plan.FileName);
        Add([.. plan.Arguments]);
        info.Environment.Clear();
        foreach (var (name, value) in plan.Environment)
        {
            info.Environment[name] = value;
        }

        info.Environment[MarkVariable] = plan.Mark;
        return info;

        void Add(params string[] arguments)
        {
            foreach (var argument in arguments)
            {
                info.ArgumentList.Add(argument);
            }
        }
    }
}
