using System.Runtime.CompilerServices;

namespace EventMl.Services.Tests.Cli;

public sealed class ReferenceTests
{
    [Fact]
    public async Task The_page_equals_what_the_program_says()
    {
        var run = await CliRun.RunAsync(_ => null, ["reference"]);

        var page = await File.ReadAllTextAsync(PagePath(), TestContext.Current.CancellationToken);
        page.ShouldBe(run.Out, "write it anew: ./eventml reference > docs/cli.md");
    }

    private static string PagePath([CallerFilePath] string source = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "../../../docs/cli.md"));
}
