using System.ComponentModel;
using System.Text.Json;
using EventMl.Contracts;
using Microsoft.Extensions.Logging;

namespace EventMl.Jobs.Scripts;

/// <summary>Runs a child process that speaks the script protocol, and says precisely how it ended.</summary>
/// <param name="options">Limits and the script user.</param>
/// <param name="clock">Time-outs.</param>
/// <param name="logger">Where the missing of the script user is reported, once.</param>
public sealed class ScriptProcess(ScriptOptions options, TimeProvider clock, ILogger<ScriptProcess> logger)
{
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(5);
    private static int _warnedOfUser;
    private static int _warnedOfIsolation;

    private readonly Isolation _isolation = options.Isolation ?? Isolation.Here;

    private enum Stop
    {
        None = 0,
        Cancelled = 1,
        TimedOut = 2,
        Violated = 3,
        Faulted = 4,
        LimitPassed = 5,
    }

    /// <summary>Runs a command to its end; no process of it is left when this returns.</summary>
    /// <param name="command">What to start.</param>
    /// <param name="onMessage">Called for each checked message, one at a time and in order; an exception ends the child and is thrown on.</param>
    /// <param name="timeout">Longest run; the outcome is then <c>TASK_TIMED_OUT</c>.</param>
    /// <param name="cancellationToken">Asks the child to end, and kills it after the grace period; the outcome is then <c>TASK_CANCELLED</c>.</param>
    public async Task<ScriptOutcome> RunAsync(ScriptCommand command, Func<ScriptMessage, Task> onMessage, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var user = command.IsUserScript ? FindUser()?.ForTask(command.Request.TaskId) : null;
        var network = !command.IsUserScript || options.AllowNetwork;
        var mark = $"{command.Request.TaskId}/";
        // What an earlier attempt on this machine left behind must not write beside this one.
        ChildProcess.KillMarked(mark);
        var folders = ScriptFolders.Prepare(command.Request, user);
        using var log = new LogFile(Path.Combine(folders.Logs, $"{command.Request.Attempt}.log"), options.MaxLogBytes);
        if (cancellationToken.IsCancellationRequested)
        {
            return Failure(ErrorCodes.TaskCancelled, "The task was cancelled before it began.");
        }

        var (limits, problem) = options.Limits.For(command.Request.Params);
        if (limits is null)
        {
            return Failure(ErrorCodes.ScriptFailed, problem!);
        }

        ChildProcess child;
        try
        {
            child = await ChildProcess.StartAsync(new ChildPlan(
                command.FileName, command.Arguments, ScriptEnvironment.Create(folders, command.Environment), folders.Home, $"{mark}{command.Request.Attempt}/{Ids.New():N}", user, network, limits, _isolation));
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            return Failure(ErrorCodes.ScriptFailed, $"The script could not be started: {e.Message}");
        }

        using (child)
        {
            return await WatchAsync(child, command, limits, onMessage, log, timeout, cancellationToken);
        }

        ScriptFailure Failure(string code, string message) => new(new TaskError(code, message), log.Tail);
    }

    private async Task<ScriptOutcome> WatchAsync(
        ChildProcess child, ScriptCommand command, ScriptLimits limits, Func<ScriptMessage, Task> onMessage, LogFile log, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var session = new ProtocolSession(log, onMessage, clock);
        using var abandon = new CancellationTokenSource();
        var output = LineReader.ReadAsync(child.Output, session.OnOutputLineAsync, session.OnPause, abandon.Token);
        var error = LineReader.ReadAsync(child.Error, session.OnErrorLineAsync, session.OnPause, abandon.Token);
        var faulted = output.ContinueWith(t => t, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        var request = SendAsync(child.Input, JsonSerializer.SerializeToUtf8Bytes(command.Request, ScriptFolders.RequestJson));
        using var over = new CancellationTokenSource();
        var deadline = Task.Delay(timeout, clock, over.Token);
        var cancelled = Task.Delay(Timeout.InfiniteTimeSpan, clock, cancellationToken);

        string[] counted = [command.Request.OutputPath, command.Request.CheckpointPath, Path.Combine(command.Request.WorkPath, "home"), Path.Combine(command.Request.WorkPath, "tmp")];
        var passed = new Watchdog(child.Processes, _isolation.OwnProcesses, limits, counted, clock).WatchAsync(over.Token);

        var first = await Task.WhenAny(child.Exited, cancelled, deadline, session.Violation.Task, faulted, passed);
        var stop = first == child.Exited ? Stop.None : first == cancelled ? Stop.Cancelled : first == deadline ? Stop.TimedOut : first == faulted ? Stop.Faulted
            : first == passed ? Stop.LimitPassed : Stop.Violated;
        await over.CancelAsync();
        if (stop is Stop.Cancelled or Stop.TimedOut)
        {
            await AskToEndAsync(child, request);
        }

        if (!child.Exited.IsCompleted)
        {
            child.KillAll();
        }

        var exitCode = await child.Exited;
        child.KillAll();
        abandon.CancelAfter(DrainTime);
        await error;
        // A message handler's exception, a fence above all, is the caller's to see.
        await output;
        await session.FlushAsync();
        return stop is Stop.LimitPassed
            ? new ScriptFailure(new TaskError(ErrorCodes.TaskLimitExceeded, (await passed)!), log.Tail)
            : OfFileSize(Outcome(session, stop, exitCode, timeout, log.Tail), limits);
    }

    private async Task AskToEndAsync(ChildProcess child, Task request)
    {
        // A child that does not read its input must not keep us from going on.
        await Task.WhenAny(SendCancelAsync(), Task.Delay(TimeSpan.FromMilliseconds(200), clock));
        child.Terminate();
        await Task.WhenAny(child.Exited, Task.Delay(options.GracePeriod, clock));

        async Task SendCancelAsync()
        {
            await request;
            await SendAsync(child.Input, "{\"type\":\"cancel\"}"u8.ToArray());
        }
    }

    private static ScriptOutcome Outcome(ProtocolSession session, Stop stop, int exitCode, TimeSpan timeout, string tail)
    {
        if (stop is Stop.Cancelled)
        {
            return Failure(ErrorCodes.TaskCancelled, "The task was cancelled.");
        }

        if (stop is Stop.TimedOut)
        {
            return Failure(ErrorCodes.TaskTimedOut, $"The script did not end within {timeout.TotalSeconds:0.###} seconds and was ended.");
        }

        if (session.Violation.Task.IsCompletedSuccessfully)
        {
            return Failure(ErrorCodes.ScriptFailed, session.Violation.Task.GetAwaiter().GetResult());
        }

        if (session.Error is { } message)
        {
            return Failure(ErrorCodes.ScriptFailed, message);
        }

        if (Native.SignalOf(exitCode) is { } signal)
        {
            var hint = signal == "SIGKILL" ? " (so the system ends processes when memory runs out)" : "";
            return Failure(ErrorCodes.ScriptCrashed, $"The script was ended by {signal}{hint}.");
        }

        if (exitCode != 0)
        {
            return Failure(ErrorCodes.ScriptFailed, $"The script ended with exit code {exitCode}.");
        }

        return session.Stats is { } stats
            ? new ScriptCompleted(stats, tail)
            : Failure(ErrorCodes.ScriptFailed, "The script ended without a result message.");

        ScriptFailure Failure(string code, string text) => new(new TaskError(code, text), tail);
    }

    private static async Task SendAsync(Stream input, byte[] line)
    {
        try
        {
            await input.WriteAsync(line);
            await input.WriteAsync("\n"u8.ToArray());
            await input.FlushAsync();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The child closed its input or is gone, which its exit code will tell.
        }
    }

    // The kernel stops a file at its limit, and languages tell that in their own ways.
    private static ScriptOutcome OfFileSize(ScriptOutcome outcome, ScriptLimits limits) =>
        limits.FileBytes is not null && outcome is ScriptFailure { Error: var error }
        && (error.Message.Contains("SIGXFSZ", StringComparison.Ordinal) || error.Message.Contains("File too large", StringComparison.Ordinal))
            ? new ScriptFailure(new TaskError(ErrorCodes.TaskLimitExceeded, LimitKind.File.Explain(limits, seen: null)), outcome.LogTail)
            : outcome;

    private ScriptUser? FindUser()
    {
        if (_isolation.Problem is { } problem && Interlocked.Exchange(ref _warnedOfIsolation, 1) == 0)
        {
            logger.LogWarning("User scripts are not fully shut off: network {Network}, processes {Processes}, because this system does not allow it: {Problem}",
                _isolation.Network ? "closed" : "open", _isolation.Processes ? "hidden" : "visible", problem);
        }

        var user = ScriptUser.Find(options.ScriptUser);
        if (user is null && Interlocked.Exchange(ref _warnedOfUser, 1) == 0)
        {
            if (Native.IsRoot)
            {
                logger.LogWarning(
                    "User scripts run as root because the user '{User}' does not exist; create it with: useradd --system --user-group {User}", options.ScriptUser, options.ScriptUser);
            }
            else
            {
                logger.LogWarning("User scripts run as '{User}', the platform's own user, and can read what it can read; run the platform as root to give them a user of their own", Environment.UserName);
            }
        }

        return user;
    }
}
