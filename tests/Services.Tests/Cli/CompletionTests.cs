using System.Diagnostics;

namespace EventMl.Services.Tests.Cli;

public sealed class CompletionTests
{
    [Theory]
    [InlineData("eventml data", "datasets")]
    [InlineData("eventml datasets del", "delete delete-rows")]
    [InlineData("eventml ingest --source i", "idx images")]
    [InlineData("eventml services create --device c", "cpu cuda")]
    [InlineData("eventml audit re", "replay")]
    [InlineData("eventml datasets list --outp", "--output")]
    public async Task Completes_in_a_real_bash(string typed, string expected)
    {
        // The function is called as readline calls it: the words, the cursor and the line in its variables.
        const string Script = """
            eventml() { "$CLI" "$@"; }
            source <("$CLI" completion bash)
            read -ra COMP_WORDS <<< "$1"
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$1 COMP_POINT=${#1}
            _eventml
            echo "${COMPREPLY[@]}"
            """;
        var start = new ProcessStartInfo("bash", ["-c", Script, "bash", typed]) { UseShellExecute = false, RedirectStandardOutput = true };
        start.Environment["CLI"] = CliProcess.Executable;
        using var bash = Process.Start(start)!;

        var words = await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);

        words.Trim().ShouldBe(expected);
    }

    [Theory]
    [InlineData("bash", "complete -o default -F _eventml eventml")]
    [InlineData("zsh", "compdef _eventml eventml")]
    public async Task Prints_the_script_of_the_shell(string shell, string binding)
    {
        var run = await CliRun.RunAsync(_ => null, ["completion", shell]);

        run.ExitCode.ShouldBe(0);
        run.Out.ShouldContain(binding);
    }
}
