using System.Diagnostics;

namespace EventMl.Jobs.Scripts;

/// <summary>What to start and under which limits.</summary>
internal sealed record ChildPlan(
    string FileName, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, string WorkingDirectory, string Mark, ScriptUser? User, bool Network, ScriptLimits Limits, Isolation Isolation);

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
    private readonly bool _closed;

    private ChildProcess(Process process, ChildPlan plan, RunProcesses processes, Task<int> exited)
    {
        _process = process;
        _mark = plan.Mark;
        _closed = plan.Isolation.Processes;
        Processes = processes;
        Processes.Began(process.Id);
        Exited = exited;
    }

    /// <summary>All processes of the run.</summary>
    public RunProcesses Processes { get; }

    /// <summary>Completes with the exit code, 128 + n when signal n ended it.</summary>
    public Task<int> Exited { get; }

    public Stream Input => _process.StandardInput.BaseStream;

    public Stream Output => _process.StandardOutput.BaseStream;

    public Stream Error => _process.StandardError.BaseStream;

    public static async Task<ChildProcess> StartAsync(ChildPlan plan)
    {
        var processes = new RunProcesses(plan.Isolation.Processes);
        processes.Begin();
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        var exited = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() => StartAndWait(plan, processes.LimitArgument, started, exited), 256 * 1024) { IsBackground = true, Name = "child " + plan.Mark };
        thread.Start();
        return new ChildProcess(await started.Task, plan, processes, exited.Task);
    }

    /// <summary>Asks the processes of the child's group to end.</summary>
    public void Terminate() => Native.Kill(-_process.Id, Native.SigTerm);

    /// <summary>Ends every process of the run: its group, and those that left it.</summary>
    public void KillAll()
    {
        Processes.Kill();
        if (!_closed)
        {
            KillMarked(_mark);
        }
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

    public void Dispose()
    {
        Processes.Ended();
        _process.Dispose();
    }

    private static void StartAndWait(ChildPlan plan, string mark, TaskCompletionSource<Process> started, TaskCompletionSource<int> exited)
    {
        Process? process = null;
        try
        {
            process = Process.Start(Describe(plan, mark))!;
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

    private static ProcessStartInfo Describe(ChildPlan plan, string mark)
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
        Add("/usr/bin/choom", "-n", "500", "--", "/usr/bin/prlimit", "--core=0:0", mark);
        if (plan.Limits.FileBytes is { } file)
        {
            Add($"--fsize={file}:{file}");
        }

        if (plan.Limits.OpenFiles is { } files)
        {
            Add($"--nofile={files}:{files}");
        }

        if (Cores.Choose(plan.Limits.Cores) is { } cores)
        {
            Add("/usr/bin/taskset", "--cpu-list", cores);
        }

        Add("/usr/bin/setpriv", "--pdeathsig", "KILL", "--");
        Add([.. plan.Isolation.Prefix(plan.Network)]);
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
