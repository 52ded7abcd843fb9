using System.Diagnostics;
using System.Text.Json.Nodes;
using EventMl.Testing;

namespace EventMl.Contracts.Tests;

/// <summary>What was released or landed once is held to, also when somebody edits a golden file by hand.</summary>
public sealed class ReleasedTests
{
    private const string Folder = "tests/Contracts.Tests/golden";

    [Fact]
    public async Task Every_message_of_the_last_landing_and_of_each_release_still_holds()
    {
        Assert.SkipUnless(Directory.Exists(Path.Combine(TestServers.RepositoryRoot, ".git")) || File.Exists(Path.Combine(TestServers.RepositoryRoot, ".git")), "not a git checkout");
        var messages = Messages.All.ToDictionary(m => Path.GetFileName(Golden.FileOf(m)), StringComparer.Ordinal);
        foreach (var commit in await CommitsAsync())
        {
            foreach (var file in (await GitAsync("ls-tree", "-r", "--name-only", commit, "--", Folder)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                var name = Path.GetFileName(file);
                messages.ShouldContainKey(name, $"{name} was a message at {commit}; old events must stay readable, so bring it back");
                var frozen = JsonNode.Parse(await GitAsync("show", $"{commit}:{file}"))!.AsObject();
                Compatibility.Breaks(frozen, messages[name]).ShouldBeEmpty($"compared with {commit}; messages change only by new optional members");
            }
        }
    }

    /// <summary>The commit that landed last (<c>.ci/landed</c>) and the release tags, as far as this clone knows them.</summary>
    private static async Task<IReadOnlyList<string>> CommitsAsync()
    {
        var landed = await File.ReadAllTextAsync(Path.Combine(TestServers.RepositoryRoot, ".ci", "landed"), TestContext.Current.CancellationToken);
        var tags = (await GitAsync("tag", "--list", "v*")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var known = new List<string>();
        foreach (var commit in tags.Prepend(landed.Trim()))
        {
            if ((await RunAsync("cat-file", "-e", $"{commit}^{{commit}}")).ExitCode == 0)
            {
                known.Add(commit);
            }
        }

        return known;
    }

    private static async Task<string> GitAsync(params string[] arguments)
    {
        var (exitCode, output) = await RunAsync(arguments);
        exitCode.ShouldBe(0, string.Join(' ', arguments));
        return output;
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        // The tests may run as another user than the one who cloned.
        var start = new ProcessStartInfo("git", ["-c", "safe.directory=*", "-C", TestServers.RepositoryRoot, .. arguments]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        using var git = Process.Start(start)!;
        var error = git.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await git.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await error;
        await git.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (git.ExitCode, output);
    }
}
