using EventMl.Contracts;
using EventMl.Jobs.Scripts;

namespace EventMl.Foundation.Tests.Jobs;

public sealed class CSharpScriptTests(CSharpScriptTests.Compiled compiled) : IClassFixture<CSharpScriptTests.Compiled>
{
    [Theory]
    [InlineData("throw", "SCRIPT_FAILED", "InvalidDataException: the data is upside down")]
    [InlineData("segfault", "SCRIPT_CRASHED", "The script was ended by SIGSEGV.")]
    [InlineData("nan", "SCRIPT_FAILED", "The script reported NaN for metric 'loss' in epoch 2.")]
    [InlineData("parameter", "SCRIPT_FAILED", "ScriptParameterException: params lacks 'epochs', which must be a whole number.")]
    public async Task Names_the_reason_when_a_script_fails(string fault, string code, string message)
    {
        using var scenario = new ScriptScenario(user: "nobody");

        var outcome = await scenario.RunAsync(compiled.Command with { Request = scenario.Request(new { fault }) });

        outcome.ShouldBeOfType<ScriptFailure>().Error.ShouldBe(new TaskError(code, message));
        outcome.LogTail.ShouldContain($"fault: {fault}");
    }

    [Fact]
    public async Task Returns_the_statistics_when_the_script_ends_well()
    {
        using var scenario = new ScriptScenario(user: "nobody");

        var outcome = await scenario.RunAsync(compiled.Command with { Request = scenario.Request() });

        outcome.ShouldBeOfType<ScriptCompleted>().Stats.GetRawText().ShouldBe("""{"total_records":3,"input":"/input"}""");
        scenario.Messages.ShouldBe([new ScriptProgress(1, 1, null)]);
        scenario.Log.ShouldBe("fault: none\n");
    }

    [Theory]
    [InlineData((UnixFileMode)0b111_101_101)]
    [InlineData((UnixFileMode)0b111_000_000)]
    public async Task Runs_a_compiled_program_from_an_open_and_from_a_closed_folder(UnixFileMode mode)
    {
        using var scenario = new ScriptScenario(user: "nobody");
        var folder = Directory.CreateDirectory(Path.Combine(scenario.State, "bin")).FullName;
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(compiled.Command.Arguments[0])!))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        File.SetUnixFileMode(folder, mode);

        var outcome = await scenario.RunAsync(await scenario.CommandAsync("bin/script.dll"));

        outcome.ShouldBeOfType<ScriptCompleted>(outcome.LogTail).Stats.GetProperty("total_records").GetInt32().ShouldBe(3);
    }

    [Fact]
    public async Task Hears_of_it_when_it_is_cancelled()
    {
        using var scenario = new ScriptScenario(grace: TimeSpan.FromMinutes(2), user: "nobody");
        using var cancel = new CancellationTokenSource();

        var outcome = await scenario.RunAsync(compiled.Command with { Request = scenario.Request(new { fault = "polite" }) }, 300, _ => cancel.CancelAsync(), cancel.Token);

        outcome.ShouldBeOfType<ScriptFailure>().Error.Code.ShouldBe("TASK_CANCELLED");
        outcome.LogTail.ShouldContain("OperationCanceledException");
    }

    [Fact]
    public async Task Is_not_compiled_again_when_it_has_not_changed()
    {
        var other = new ScriptCompiler(compiled.Scenario.Options);
        var (file, _) = new ScriptFinder(compiled.Scenario.Options).FindScript("faulty/faulty.cs");

        var (assembly, _) = await other.CompileAsync(file!);

        assembly.ShouldBe(compiled.Command.Arguments[0]);
        other.Compilations.ShouldBe(0);
    }

    [Fact]
    public async Task Gives_the_compilers_words_when_it_does_not_compile()
    {
        var path = compiled.Scenario.Write("wrong.cs", "int x = \"text\";\n");

        var (assembly, error) = await compiled.Scenario.Compiler.CompileAsync(new ScriptFile(path, ScriptKind.CSharp, ""));

        assembly.ShouldBeNull();
        error!.Code.ShouldBe("SCRIPT_FAILED");
        error.Message.ShouldContain("wrong.cs(1,9): error CS0029");
        Directory.GetDirectories(Path.Combine(compiled.Scenario.State, "scripts"), "*.build-*").ShouldBeEmpty();
    }

    public sealed class Compiled : IAsyncLifetime
    {
        // Unprivileged where this is root, so that compiling and running are proven for that user.
        internal ScriptScenario Scenario { get; } = new(user: "nobody");

        internal ScriptCommand Command { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Command = await Scenario.CommandAsync("faulty/faulty.cs");

        public ValueTask DisposeAsync()
        {
            Scenario.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
