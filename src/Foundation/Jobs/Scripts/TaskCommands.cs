using System.Text.Json;
using EventMl.Contracts;

namespace EventMl.Jobs.Scripts;

/// <summary>Makes the command of a task: the user's script, or the platform's own job of that kind.</summary>
/// <param name="finder">Allowed folders.</param>
/// <param name="git">Scripts from Git.</param>
/// <param name="factory">Interpreters and compilers.</param>
/// <param name="limits">What the host allows a task.</param>
/// <param name="builtInAssembly">Assembly that does built-in jobs when started with <c>job KIND</c>.</param>
public sealed class TaskCommands(ScriptFinder finder, GitScripts git, ScriptCommandFactory factory, ScriptLimits limits, string builtInAssembly)
{
    /// <summary>Why a task may not have the limits that its parameters ask for, or null.</summary>
    public Refusal? CheckLimits(JsonElement? parameters) =>
        limits.For(parameters ?? default).Problem is { } problem ? RequestRules.Invalid(problem) : null;

    /// <summary>Why a script may not be run, or null.</summary>
    public Refusal? CheckScript(string path) => GitReference.Is(path) ? git.Check(path) : finder.FindScript(path).Refusal;

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

        var (file, refusal) = GitReference.Is(script) ? await FetchAsync(script, cancellationToken) : finder.FindScript(script);
        if (file is null)
        {
            return (null, new ScriptFailure(new TaskError(ErrorCodes.ScriptFailed, refusal!.Message), ""));
        }

        var (command, error) = await factory.CreateAsync(file, request, cancellationToken);
        return (command, error is null ? null : new ScriptFailure(error, ""));
    }

    private async Task<(ScriptFile? Script, Refusal? Refusal)> FetchAsync(string script, CancellationToken cancellationToken)
    {
        var (root, path, problem) = await git.FetchAsync(script, cancellationToken);
        return root is null
            ? (null, RequestRules.Invalid(problem!))
            : new ScriptFinder(new ScriptOptions { ScriptRoots = [root] }).FindScript(path!);
    }
}
