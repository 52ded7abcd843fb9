using EventMl.Contracts;
using System.Text.Json;
using EventMl.Jobs.Scripts;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventMl.Foundation.Tests.Jobs;

/// <summary>Real child processes in a state folder of their own, which other users may enter.</summary>
internal sealed class ScriptScenario : IDisposable
{
    public ScriptScenario(TimeSpan? grace = null, string user = "eventml-script", bool network = false, ScriptLimits? limits = null, Isolation? isolation = null, int maxLog = 64 * 1024)
    {
        State = Directory.CreateTempSubdirectory("eventml-jobs-").FullName;
        File.SetUnixFileMode(State, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        Options = new ScriptOptions
        {
            ScriptRoots = [Samples, State], InputRoots = [Samples], StatePath = State, GracePeriod = grace ?? TimeSpan.FromSeconds(10), MaxLogBytes = maxLog, ScriptUser = user, AllowNetwork = network,
            Limits = limits ?? new ScriptOptions().Limits, Isolation = isolation,
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

    /// <summary>What the log keeps.</summary>
    public string Log => string.Concat(LogReader.SegmentsOf(Path.Combine(State, "work", "logs", "1.log")).Select(s => File.ReadAllText(s.Path)));

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

    /// <summary>The living processes of a task, by the mark in their environment.</summary>
    public static int[] Living(string taskId) =>
        [.. ProcessTable.Read().Where(e => !e.IsZombie && Environ(e.Id).Split('\0').Any(v => v.StartsWith($"{ChildProcess.MarkVariable}={taskId}/", StringComparison.Ordinal))).Select(e => e.Id)];

    public int[] Living() => Living(TaskId);

    /// <summary>Living processes whose command line holds a text, whatever their environment.</summary>
    public static int[] LivingWith(string argument) =>
        [.. ProcessTable.Read().Where(e => !e.IsZombie && Read($"/proc/{e.Id}/cmdline").Split('\0').Contains(argument)).Select(e => e.Id)];

    private static string Environ(int id) => Read($"/proc/{id}/environ");

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
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
