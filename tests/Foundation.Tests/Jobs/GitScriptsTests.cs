using System.Diagnostics;
using EventMl.Jobs.Scripts;

namespace EventMl.Foundation.Tests.Jobs;

public sealed class GitScriptsTests : IDisposable
{
    private readonly ScriptScenario _scenario = new(user: "nobody");
    private readonly string _repository;

    public GitScriptsTests()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/git"), "git is not installed.");
        _repository = Directory.CreateDirectory(Path.Combine(_scenario.State, "repository")).FullName;
        Git("init", "--quiet", ".");
        File.WriteAllText(Path.Combine(_repository, "helper.py"), "VALUE = 7\n");
        Directory.CreateDirectory(Path.Combine(_repository, "jobs"));
        File.WriteAllText(Path.Combine(_repository, "jobs", "clean.py"), "import os, sys\nsys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))\nimport helper\ndef run(i, o, p): return {'value': helper.VALUE}\n");
        File.CreateSymbolicLink(Path.Combine(_repository, "link.py"), "/etc/passwd");
        Git("add", ".");
        Git("commit", "--quiet", "-m", "first");
    }

    private string Head => Git("rev-parse", "HEAD").Trim();

    public void Dispose() => _scenario.Dispose();

    [Fact]
    public async Task Runs_a_script_as_it_was_at_the_commit()
    {
        var commit = Head;
        File.WriteAllText(Path.Combine(_repository, "helper.py"), "VALUE = 8\n");
        Git("commit", "--quiet", "-am", "second");

        (await ValueAsync(commit)).ShouldBe(7);
        (await ValueAsync(Head)).ShouldBe(8);
        // From what was kept: the repository is not asked again.
        Directory.Delete(_repository, recursive: true);
        Directory.CreateDirectory(_repository);
        (await ValueAsync(commit)).ShouldBe(7);
    }

    [Fact]
    public async Task Runs_no_hook_and_follows_no_link()
    {
        var mark = Path.Combine(_scenario.State, "hooked");
        var hook = Path.Combine(_repository, ".git", "hooks", "post-checkout");
        File.WriteAllText(hook, $"#!/bin/sh\ntouch {mark}\n");
        File.SetUnixFileMode(hook, (UnixFileMode)0b111_101_101);

        var (root, _, problem) = await new GitScripts(_scenario.Options).FetchAsync(Reference(Head, "jobs/clean.py"));

        problem.ShouldBeNull();
        File.Exists(mark).ShouldBeFalse();
        File.ResolveLinkTarget(Path.Combine(root!, "link.py"), returnFinalTarget: false).ShouldBeNull();
        Directory.Exists(Path.Combine(root!, ".git")).ShouldBeFalse();
        Directory.GetDirectories(Path.Combine(_scenario.State, "git"), "*.new-*").ShouldBeEmpty();
    }

    [Fact]
    public async Task Says_so_when_the_commit_is_not_there()
    {
        var (_, _, problem) = await new GitScripts(_scenario.Options).FetchAsync(Reference(new string('a', 40), "jobs/clean.py"));

        problem.ShouldNotBeNull().ShouldContain("could not be brought from file://");
        Directory.GetDirectories(Path.Combine(_scenario.State, "git")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Says_so_when_the_repository_is_too_large()
    {
        File.WriteAllBytes(Path.Combine(_repository, "large.bin"), System.Security.Cryptography.RandomNumberGenerator.GetBytes(5_000_000));
        Git("add", ".");
        Git("commit", "--quiet", "-m", "large");

        var (_, _, problem) = await new GitScripts(_scenario.Options with { MaxGitBytes = 1_000_000 }).FetchAsync(Reference(Head, "jobs/clean.py"));

        problem.ShouldNotBeNull();
        Directory.GetDirectories(Path.Combine(_scenario.State, "git")).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("git+https://host/x.git@main#a.py", "is no Git reference")]
    [InlineData("git+https://host/x.git@0123456#a.py", "is no Git reference")]
    [InlineData("git+http://host/x.git@{0}#a.py", "by https, ssh, file only")]
    [InlineData("git+ext://sh@{0}#a.py", "by https, ssh, file only")]
    [InlineData("git+https://me:secret@host/x.git@{0}#a.py", "must not hold a password")]
    [InlineData("git+https://host/x.git@{0}#../a.py", "inside the repository")]
    [InlineData("git+https://host/x.git@{0}#.git/config", "inside the repository")]
    [InlineData("git+file:///etc@{0}#a.py", "does not lie below the allowed folders")]
    [InlineData("git+https://host/--upload-pack=x y@{0}#a.py", "is no Git reference")]
    public void Refuses_a_reference_that_may_not_be_used(string script, string message) =>
        new GitScripts(_scenario.Options).Check(string.Format(System.Globalization.CultureInfo.InvariantCulture, script, new string('a', 40)))!.Message.ShouldContain(message);

    private async Task<int> ValueAsync(string commit)
    {
        var commands = new TaskCommands(
            new ScriptFinder(_scenario.Options), new GitScripts(_scenario.Options), new ScriptCommandFactory(_scenario.Options, _scenario.Compiler), _scenario.Options.Limits, "");
        commands.CheckScript(Reference(commit, "jobs/clean.py")).ShouldBeNull();
        var (command, failure) = await commands.CreateAsync(Reference(commit, "jobs/clean.py"), "ingest", _scenario.Request());
        failure.ShouldBeNull();
        var outcome = await _scenario.RunAsync(command!);
        return outcome.ShouldBeOfType<ScriptCompleted>(outcome.LogTail).Stats.GetProperty("value").GetInt32();
    }

    private string Reference(string commit, string path) => $"git+file://{_repository}@{commit}#{path}";

    private string Git(params string[] arguments)
    {
        using var git = Process.Start(new ProcessStartInfo("/usr/bin/git", ["-c", "user.name=a", "-c", "user.email=a@b", .. arguments]) { WorkingDirectory = _repository, UseShellExecute = false, RedirectStandardOutput = true })!;
        var output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        git.ExitCode.ShouldBe(0);
        return output;
    }
}
