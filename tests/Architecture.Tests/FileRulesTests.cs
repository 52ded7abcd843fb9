namespace EventMl.Architecture.Tests;

public sealed class FileRulesTests
{
    private static readonly IReadOnlyList<SourceFile> _code = Repository.Files(["src", "tests"], [".cs", ".cpp", ".h", ".sql", ".py", ".cjs"]);

    [Fact]
    public void Files_are_short_when_counted() => FileRules.TooLong(_code).ShouldBeEmpty();

    [Theory]
    [InlineData("src/Foundation/Bus/Huge.cs", 301)]
    [InlineData("src/Apps/Host/Program.cs", 26)]
    [InlineData("src/Sagas/Big/BigStateMachine.cs", 121)]
    public void File_is_named_when_it_is_too_long(string path, int lines)
    {
        FileRules.TooLong([File(path, lines)]).ShouldHaveSingleItem().ShouldContain(path);
        FileRules.TooLong([File(path, lines - 1)]).ShouldBeEmpty();

        static SourceFile File(string path, int lines) => new(path, string.Concat(Enumerable.Repeat("x\n", lines)));
    }

    [Fact]
    public void Warnings_are_silenced_with_a_reason_when_silenced() =>
        FileRules.SilencedWithoutReason(_code.Concat(Repository.Files(["src", "tests", "bench"], [".csproj", ".props"]))).ShouldBeEmpty();

    [Fact]
    public void Line_is_named_when_it_silences_without_a_reason()
    {
        // The marks keep these lines from being found in this file.
        const string Text = """
            // The field's own word.
            !#pragma warning disable CA1
            x
            !#pragma warning disable CA2
            !#pragma warning disable CA3 // once, on purpose
            /// <summary>No reason.</summary>
            !#pragma warning disable CA4
            ![SuppressMessage("Design", "CA5", Justification = "Holds nothing to release.")]
            ![SuppressMessage("Design", "CA6")]
            !<NoWarn>CA7</NoWarn>
            <!-- Names are PyTorch's. -->
            !<NoWarn>CA8</NoWarn>
            """;
        FileRules.SilencedWithoutReason([new SourceFile("f", Text.Replace("!", "", StringComparison.Ordinal))]).ShouldBe(["f:4", "f:7", "f:9", "f:10"]);
    }

    [Fact]
    public void Every_test_project_is_built_and_run_when_the_launcher_tests()
    {
        FileRules.NeverTested(Repository.Files(["tests"], [".csproj"]).Select(f => f.Path), Repository.Text("EventMl.sln")).ShouldBeEmpty();
        // The folders the rule speaks of are those the launcher enumerates.
        Repository.Text("infra/local/tests").ShouldContain("\"$ROOT\"/tests/*.Tests");
    }

    [Fact]
    public void Test_project_is_named_when_it_is_forgotten() =>
        FileRules.NeverTested(
            ["tests/Sagas.Tests/EventMl.Sagas.Tests.csproj", "tests/Lost.Tests/EventMl.Lost.Tests.csproj", "tests/Local/EventMl.Local.csproj"],
            """ "tests\Sagas.Tests\EventMl.Sagas.Tests.csproj" "tests\Local\EventMl.Local.csproj" """)
            .ShouldBe(["tests/Lost.Tests/EventMl.Lost.Tests.csproj is not in EventMl.sln", "tests/Local/EventMl.Local.csproj is not in a folder tests/*.Tests of its own"]);

    [Fact]
    public void Every_area_has_one_module_when_read() =>
        FileRules.WithoutOneModule(Repository.Files(["src/Services"], [".cs", ".csproj"]).Select(f => f.Path)).ShouldBeEmpty();

    [Fact]
    public void Area_is_named_when_its_module_is_missing_or_double() =>
        FileRules.WithoutOneModule(
        [
            "src/Services/Good/GoodModule.cs", "src/Services/None/None.cs",
            "src/Services/Two/TwoModule.cs", "src/Services/Two/Running/RunningModule.cs",
        ]).ShouldBe(["None", "Two"]);
}
