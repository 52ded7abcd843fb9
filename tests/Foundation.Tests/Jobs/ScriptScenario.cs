using EventMl.Contracts;
using System.Text.Json;
using EventMl.Jobs.Scripts;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventMl.Foundation.Tests.Jobs;

/// <summary>Real child processes in a state folder of their own, which other users may enter.</summary>
internal sealed class ScriptScenario : IDisposable
{
    public ScriptScenario(TimeSpan? grace = null, string user = "eventml-script", bool network = false)
    {
        State = Directory.CreateTempSubdirectory("eventml-jobs-").FullName;
        File.SetUnixFileMode(State, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        Options = new ScriptOptions
        {
            ScriptRoots = [Samples], InputRoots = [Samples], StatePath = State, GracePeriod = grace ?? TimeSpan.FromSeconds(10), MaxLogBytes = 64 * 1024, ScriptUser = user, AllowNetwork = network,
        };
        Compiler = new ScriptCompiler(Options);
    }

    public static string Samples { get; } = FindSamples();

    public string State { get; }

    public ScriptOptions Options { get; }

    public ScriptCompiler Compiler { get; }

    public string TaskId { get; } = Ids.New("train");

    public string OutputPath => Path.Combine(State, "output");

    public List<ScriptMessage> Messages { get; } = [];

    /// <summary>What the log keeps: the older file and the current one.</summary>
    public string Log => string.Concat(new[] { "1.log.1", "1.log" }.Select(n => Path.Combine(State, "work", "logs", n)).Where(File.Exists).Select(File.ReadAllText));

    public ScriptRequest Request(object? parameters = null, int attempt = 1) => new()
    {
        TaskId = TaskId,
        Attempt = attempt,
        InputPath = "/input",
        OutputPath = OutputPath,
        CheckpointPath = Path.Combine(State, "checkpoint"),
        WorkPath = Path.Combine(State, "work"),
        Params = JsonSerializer.SerializeToElement(parameters ?? new { }),
    };

    public async Task<ScriptCommand> CommandAsync(string script, object? parameters = null)
    {
        var (file, refusal) = new ScriptFinder(Options).FindScript(script);
        refusal.ShouldBeNull();
        var (command, error) = await new ScriptCommandFactory(Options, Compiler).CreateAsync(file!, Request(parameters));
        error.ShouldBeNull();
        return command!;
    }

    /// <summary>Runs <c>faulty.py</c> or <c>faulty.cs</c> with one fault.</summary>
    public async Task<ScriptOutcome> RunFaultAsync(string fault, string script = "faulty/faulty.py", double timeoutSeconds = 120, CancellationToken cancellationToken = default) =>
        await RunAsync(await CommandAsync(script, new { fault }), timeoutSeconds, null, cancellationToken);

    public Task<ScriptOutcome> RunAsync(ScriptCommand command, double timeoutSeconds = 120, Func<ScriptMessage, Task>? onMessage = null, CancellationToken cancellationToken = default) =>
        new ScriptProcess(Options, TimeProvider.System, NullLogger<ScriptProcess>.Instance).RunAsync(command, onMessage ?? Collect, TimeSpan.FromSeconds(timeoutSeconds), cancellationToken);

    public string Write(string name, string text, bool executable = false)
    {
        var path = Path.Combine(State, name);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, executable ? (UnixFileMode)0b111_101_101 : (UnixFileMode)0b110_100_100);
        return path;
    }

    public Task Collect(ScriptMessage message)
    {
        Messages.Add(message);
        return Task.CompletedTask;
    }

    public void Dispose() => Directory.Delete(State, recursive: true);

    public static bool IsAlive(int processId)
    {
        try
        {
            // A zombie that nobody has waited for is as dead as one that is gone.
            return !File.ReadAllText($"/proc/{processId}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static string FindSamples()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !Directory.Exists(Path.Combine(folder.FullName, "samples", "faulty")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder?.FullName ?? throw new DirectoryNotFoundException("samples/ was not found above the tests."), "samples");
    }
}
