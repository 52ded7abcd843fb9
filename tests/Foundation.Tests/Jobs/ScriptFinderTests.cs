using System.Security.Cryptography;
using EventMl.Jobs.Scripts;

namespace EventMl.Foundation.Tests.Jobs;

public sealed class ScriptFinderTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("eventml-roots-").FullName;
    private readonly string _outside = Directory.CreateTempSubdirectory("eventml-outside-").FullName;
    private readonly ScriptFinder _finder;

    public ScriptFinderTests()
    {
        File.WriteAllText(Path.Combine(_root, "clean.py"), "def run(i, o, p): return {}\n");
        File.WriteAllText(Path.Combine(_root, "notes.txt"), "not a program\n");
        File.WriteAllText(Path.Combine(_outside, "secret.py"), "x\n");
        File.CreateSymbolicLink(Path.Combine(_root, "link.py"), Path.Combine(_outside, "secret.py"));
        File.CreateSymbolicLink(Path.Combine(_root, "inner.py"), Path.Combine(_root, "clean.py"));
        Directory.CreateDirectory(Path.Combine(_root, "folder.py"));
        Directory.CreateDirectory(_root + "-beside");
        File.WriteAllText(Path.Combine(_root + "-beside", "x.py"), "x\n");
        _finder = new ScriptFinder(new ScriptOptions { ScriptRoots = [_root], InputRoots = [_root], StatePath = _root });
    }

    public void Dispose()
    {
        Directory.Delete(_root, recursive: true);
        Directory.Delete(_root + "-beside", recursive: true);
        Directory.Delete(_outside, recursive: true);
    }

    [Theory]
    [InlineData("clean.py")]
    [InlineData("./clean.py")]
    [InlineData("inner.py")]
    [InlineData("{root}/clean.py")]
    public void Finds_a_script_when_it_is_below_a_root(string path)
    {
        var (script, refusal) = _finder.FindScript(path.Replace("{root}", _root, StringComparison.Ordinal));

        refusal.ShouldBeNull();
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(_root, "clean.py"))));
        script.ShouldBe(new ScriptFile(Path.Combine(_root, "clean.py"), ScriptKind.Python, sha256));
    }

    [Theory]
    [InlineData("missing.py")]
    [InlineData("link.py")]
    [InlineData("../clean.py")]
    [InlineData("sub/../clean.py")]
    [InlineData("{root}-beside/x.py")]
    [InlineData("/etc/passwd")]
    [InlineData("notes.txt")]
    [InlineData("folder.py")]
    [InlineData("")]
    [InlineData("a\0b.py")]
    public void Refuses_a_script_when_it_may_not_be_run(string path)
    {
        var (script, refusal) = _finder.FindScript(path.Replace("{root}", _root, StringComparison.Ordinal));

        script.ShouldBeNull();
        refusal!.Code.ShouldBe("INVALID_REQUEST");
        refusal.Message.ShouldNotContain("\0");
    }

    [Fact]
    public void Names_the_roots_when_it_refuses()
    {
        _finder.FindScript("missing.py").Refusal!.Message.ShouldContain(_root);
        _finder.FindInput("missing").Refusal!.Message.ShouldContain(_root);
    }

    [Fact]
    public void Says_the_same_about_things_outside_whether_they_exist_or_not() =>
        _finder.FindInput("/etc/passwd").Refusal!.Message.Replace("/etc/passwd", "X", StringComparison.Ordinal)
            .ShouldBe(_finder.FindInput("/etc/nothing-here").Refusal!.Message.Replace("/etc/nothing-here", "X", StringComparison.Ordinal));
}
