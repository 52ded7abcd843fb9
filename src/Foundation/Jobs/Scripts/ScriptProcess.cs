namespace EventMl.Jobs.Scripts;

/// <summary>Runs a child process that speaks the script protocol, and says precisely how it ended.</summary>
public interface IScriptProcess
{
    /// <summary>Runs a command to its end; no process of it is left when this returns.</summary>
    /// <param name="command">What to start.</param>
    /// <param name="onMessage">Called for each checked message, one at a time and in order; an exception ends the child and is thrown on.</param>
    /// <param name="timeout">Longest run; the outcome is then <c>TASK_TIMED_OUT</c>.</param>
    /// <param name="cancellationToken">Asks the child to end, and kills it after the grace period; the outcome is then <c>TASK_CANCELLED</c>.</param>
    Task<ScriptOutcome> RunAsync(ScriptCommand command, Func<ScriptMessage, Task> onMessage, TimeSpan timeout, CancellationToken cancellationToken);
}
