namespace EventMl.Services.Tests.Cli;

public sealed class FailureVerbTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("eventml-cli-");

    [Fact]
    public async Task Lists_failures_and_causes_with_what_is_asked_for()
    {
        await using var server = await RestServer.AnsweringAsync(200, """[{"id":"fail-1","state":"failed","queue":"q","group":"g","reason":"it broke","count":3,"cause":"it ?"}]""");

        var list = await CliRun.AgainstAsync(server, "failures", "list", "--state", "failed", "--queue", "q", "--group", "g");
        var groups = await CliRun.AgainstAsync(server, "failures", "groups");

        server.Requests.ShouldBe(["GET /api/v1/failures?state=failed&queue=q&group=g&limit=200", "GET /api/v1/failures/groups?limit=200"]);
        list.Out.ShouldContain("it broke");
        groups.Out.ShouldContain("it ?");
    }

    [Theory]
    [InlineData("retry fail-1", "fail-1/retry")]
    [InlineData("retry --group g", "groups/g/retry")]
    [InlineData("retry --all", "retry")]
    [InlineData("discard fail-1", "fail-1/discard")]
    [InlineData("discard --group g", "groups/g/discard")]
    public async Task Decides_on_one_a_cause_or_all_with_the_reason(string verb, string path)
    {
        await using var server = await RestServer.AnsweringAsync(200, """{"count":3}""");

        var run = await CliRun.AgainstAsync(server, ["failures", .. verb.Split(' '), "--reason", "fixed"]);

        run.ExitCode.ShouldBe(0);
        run.Out.ShouldContain("3 failed messages");
        server.Requests.ShouldBe([$$"""POST /api/v1/failures/{{path}} {"reason":"fixed"}"""]);
    }

    [Fact]
    public async Task Sends_the_edited_body_and_headers()
    {
        await using var server = await RestServer.AnsweringAsync(200, """{"id":"fail-1","state":"retrying"}""");
        var file = Path.Combine(_folder.FullName, "body.json");
        await File.WriteAllTextAsync(file, "{}", TestContext.Current.CancellationToken);

        var run = await CliRun.AgainstAsync(server, "failures", "retry", "fail-1", "--reason", "r", "--edit", file, "--header", "a=b=c", "--header", "gone");
        await File.WriteAllBytesAsync(file, [0xff], TestContext.Current.CancellationToken);
        await CliRun.AgainstAsync(server, "failures", "retry", "fail-1", "--reason", "r", "--edit", file);

        run.Out.ShouldContain("fail-1 is retrying.");
        server.Requests.ShouldBe(
        [
            """POST /api/v1/failures/fail-1/retry {"reason":"r","body":"{}","headers":{"a":"b=c","gone":null}}""",
            """POST /api/v1/failures/fail-1/retry {"reason":"r","body_base64":"/w=="}""",
        ]);
    }

    [Theory]
    [InlineData("retry --reason r")]
    [InlineData("retry fail-1 --all --reason r")]
    [InlineData("discard --reason r")]
    [InlineData("retry fail-1")]
    [InlineData("retry --all --reason r --header a=b")]
    [InlineData("list --state lost")]
    public async Task Answers_2_and_asks_nothing_when_the_command_line_makes_no_sense(string verb)
    {
        await using var server = await RestServer.AnsweringAsync(200, "{}");

        (await CliRun.AgainstAsync(server, ["failures", .. verb.Split(' ')])).ExitCode.ShouldBe(2);
        server.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Shows_reason_stack_and_headers_and_saves_the_body()
    {
        await using var server = await RestServer.AnsweringAsync(200, """{"id":"fail-1","reason":"it broke","stack":"at Here","headers":{"x":"y"},"properties":{"type":"t"},"body_base64":"/w=="}""");
        var file = Path.Combine(_folder.FullName, "saved");

        var run = await CliRun.AgainstAsync(server, "failures", "show", "fail-1", "--save", file);

        run.Out.ShouldContain("it broke");
        run.Out.ShouldContain("at Here");
        run.Out.ShouldContain("not text");
        (await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken)).ShouldBe([0xff]);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
