using EventMl.Contracts;

namespace EventMl.Jobs.Scripts;

/// <summary>Makes the command of a task: the user's script, or the platform's own job of that kind.</summary>
/// <param name="finder">Allowed folders.</param>
/// <param name="factory">Interpreters and compilers.</param>
/// <param name="builtInAssembly">Assembly that does built-in jobs when started with <c>job KIND</c>.</param>
public sealed class TaskCommands(ScriptFinder finder, ScriptCommandFactory factory, string builtInAssembly)
{
    /// <summary>Why a script may not be run, or null.</summary>
    public Refusal? CheckScript(string path) => finder.FindScript(path).Refusal;

    /// <summary>Why an input may not be read, or null.</summary>
    public Refusal? CheckInput(string path) => finder.FindInput(path).Refusal;

    /// <summary>The absolute path of an input that was allowed at the door; the text itself when it has gone since, so that the job fails with the reason.</summary>
    public string ResolveInput(string path) => finder.FindInput(path).Path ?? path;

    /// <summary>The command, or how the task ends without one: the script has gone since it was accepted, or does not compile.</summary>
    public async Task<(ScriptCommand? Command, ScriptFailure? Failure)> CreateAsync(string? script, string kind, ScriptRequest request, CancellationToken cancellationToken = default)
    {
        if (script is null)
        {
            return (ScriptCommandFactory.CreateBuiltIn(builtInAssembly, ["job", kind], request), null);
        }

        var (file, refusal) = finder.FindScript(script);
        if (file is null)
        {
            return (null, new ScriptFailure(new TaskError(ErrorCodes.ScriptFailed, refusal!.Message), ""));
        }

        var (command, error) = await factory.CreateAsync(file, request, cancellationToken);
        return (command, error is null ? null : new ScriptFailure(error, ""));
    }
}
