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
    private static int _warnedOfNetwork;

    private enum Stop
    {
        None = 0,
        Cancelled = 1,
        TimedOut = 2,
        Violated = 3,
        Faulted = 4,
    }

    /// <summary>Runs a command to its end; no process of it is left when this returns.</summary>
    /// <param name="command">What to start.</param>
    /// <param name="onMessage">Called for each checked message, one at a time and in order; an exception ends the child and is thrown on.</param>
    /// <param name="timeout">Longest run; the outcome is then <c>TASK_TIMED_OUT</c>.</param>
    /// <param name="cancellationToken">Asks the child to end, and kills it after the grace period; the outcome is then <c>TASK_CANCELLED</c>.</param>
    public async Task<ScriptOutcome> RunAsync(ScriptCommand command, Func<ScriptMessage, Task> onMessage, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var user = command.IsUserScript ? FindUser() : null;
        var network = !command.IsUserScript || MayReachNetwork();
        var mark = $"{command.Request.TaskId}/";
        // What an earlier attempt on this machine left behind must not write beside this one.
        ChildProcess.KillMarked(mark);
        var folders = ScriptFolders.Prepare(command.Request, user);
        using var log = new LogFile(Path.Combine(folders.Logs, $"{command.Request.Attempt}.log"), options.MaxLogBytes);
        if (cancellationToken.IsCancellationRequested)
        {
            return Failure(ErrorCodes.TaskCancelled, "The task was cancelled before it began.");
        }

        ChildProcess child;
        try
        {
            child = await ChildProcess.StartAsync(new ChildPlan(
                command.FileName, command.Arguments, ScriptEnvironment.Create(folders, command.Environment), folders.Home, $"{mark}{command.Request.Attempt}/{Ids.New():N}", user, network, options));
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            return Failure(ErrorCodes.ScriptFailed, $"The script could not be started: {e.Message}");
        }

        using (child)
        {
            return await WatchAsync(child, command, onMessage, log, timeout, cancellationToken);
        }

        ScriptFailure Failure(string code, string message) => new(new TaskError(code, message), log.Tail);
    }

    private async Task<ScriptOutcome> WatchAsync(
        ChildProcess child, ScriptCommand command, Func<ScriptMessage, Task> onMessage, LogFile log, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var session = new ProtocolSession(log, onMessage, clock);
        using var abandon = new CancellationTokenSource();
        var output = LineReader.ReadAsync(child.Output, session.OnOutputLineAsync, abandon.Token);
        var error = LineReader.ReadAsync(child.Error, session.OnErrorLineAsync, abandon.Token);
        var faulted = output.ContinueWith(t => t, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        var request = SendAsync(child.Input, JsonSerializer.SerializeToUtf8Bytes(command.Request, ScriptFolders.RequestJson));
        using var limits = new CancellationTokenSource();
        var deadline = Task.Delay(timeout, clock, limits.Token);
        var cancelled = Task.Delay(Timeout.InfiniteTimeSpan, clock, cancellationToken);

        var first = await Task.WhenAny(child.Exited, cancelled, deadline, session.Violation.Task, faulted);
        var stop = first == child.Exited ? Stop.None : first == cancelled ? Stop.Cancelled : first == deadline ? Stop.TimedOut : first == faulted ? Stop.Faulted : Stop.Violated;
        await limits.CancelAsync();
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
        return Outcome(session, stop, exitCode, timeout, log.Tail);
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

    private ScriptUser? FindUser()
    {
        var user = ScriptUser.Find(options.ScriptUser);
        if (user is null && Native.IsRoot && Interlocked.Exchange(ref _warnedOfUser, 1) == 0)
        {
            logger.LogWarning(
                "User scripts run as root because the user '{User}' does not exist; create it with: useradd --system --user-group {User}", options.ScriptUser, options.ScriptUser);
        }

        return user;
    }

    private bool MayReachNetwork()
    {
        if (!options.AllowNetwork && NetworkIsolation.Problem is { } problem && Interlocked.Exchange(ref _warnedOfNetwork, 1) == 0)
        {
            logger.LogWarning("User scripts can reach the network, because this system lets nobody shut them off from it: {Problem}", problem);
        }

        return options.AllowNetwork;
    }
}
