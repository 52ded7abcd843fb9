using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace EventMl.Services.Tests.Cli;

public sealed class EventMlClientTests
{
    private const string OddlyWritten = """[ {"id":"mnist", "num_rows":70000,  "stats":{"mean":1.0e-3,"name":"é é"}} ]""";

    [Fact]
    public async Task Prints_the_very_text_of_the_server_when_json_is_asked_for()
    {
        await using var server = await RestServer.AnsweringAsync(200, OddlyWritten);

        var run = await CliRun.AgainstAsync(server, "datasets", "list", "--output", "json");

        run.Out.ShouldBe(OddlyWritten + Environment.NewLine);
        run.Error.ShouldBeEmpty();
        run.ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Prints_nothing_when_json_is_asked_for_and_the_server_sends_no_body()
    {
        await using var server = await RestServer.AnsweringAsync(204, "");

        var run = await CliRun.AgainstAsync(server, "datasets", "delete", "mnist", "-o", "json");

        run.ShouldBe(new CliRun(0, "", ""));
    }

    [Fact]
    public async Task Shows_every_row_when_the_list_has_several_pages()
    {
        await using var server = await StartPagedAsync(rows: 450);

        var table = await CliRun.AgainstAsync(server, "models", "list");
        var json = await CliRun.AgainstAsync(server, "models", "list", "--output", "json");

        table.Out.Split('\n').Count(line => line.Contains("model-")).ShouldBe(450);
        var ids = JsonElement.Parse(json.Out).EnumerateArray().Select(row => row.GetProperty("id").GetString()).ToArray();
        ids.ShouldBe(Enumerable.Range(0, 450).Select(i => $"model-{i}"));
        server.Requests.Take(3).ShouldBe([
            "GET /api/v1/models?limit=200", "GET /api/v1/models?limit=200&page_token=p%3D200%2F%26", "GET /api/v1/models?limit=200&page_token=p%3D400%2F%26"]);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(200, 1)]
    [InlineData(201, 2)]
    public async Task Asks_for_no_more_than_needed_when_the_rows_are_limited(int limit, int requests)
    {
        await using var server = await StartPagedAsync(rows: 450);

        var run = await CliRun.AgainstAsync(server, "models", "list", "--limit", $"{limit}", "--output", "json");

        JsonElement.Parse(run.Out).GetArrayLength().ShouldBe(limit);
        server.Requests.Count.ShouldBe(requests);
    }

    [Fact]
    public async Task Keeps_to_the_limit_when_the_server_does_not()
    {
        await using var server = await RestServer.AnsweringAsync(200, """[{"id":"a"},{"id":"b"},{"id":"c"}]""");

        var run = await CliRun.AgainstAsync(server, "models", "list", "--limit", "2", "--output", "json");

        run.Out.Trim().ShouldBe("""[{"id":"a"},{"id":"b"}]""");
    }

    [Theory]
    [InlineData(404, """{"error":{"code":"DATASET_NOT_FOUND","message":"Dataset 'x' does not exist."}}""", "DATASET_NOT_FOUND: Dataset 'x' does not exist.")]
    [InlineData(409, """{"error":{"code":"DATASET_IN_USE","message":"Model m needs it."}}""", "DATASET_IN_USE: Model m needs it.")]
    [InlineData(500, """{"error":{"code":"INTERNAL_ERROR","message":"See the log."}}""", "INTERNAL_ERROR: See the log.")]
    [InlineData(502, "<html>Bad Gateway</html>", "HTTP_502: ")]
    [InlineData(503, "", "HTTP_503: ")]
    [InlineData(400, "[1]", "HTTP_400: ")]
    [InlineData(200, "<html>Welcome</html>", "UNEXPECTED_ANSWER: ")]
    public async Task Answers_1_with_the_code_and_message_when_the_server_refuses(int status, string body, string expected)
    {
        await using var server = await RestServer.AnsweringAsync(status, body);

        var run = await CliRun.AgainstAsync(server, "datasets", "show", "x", "--output", "json");

        run.ExitCode.ShouldBe(1);
        run.Error.ShouldStartWith(expected);
        run.Out.ShouldBeEmpty();
    }

    [Fact]
    public async Task Says_so_when_a_list_is_not_a_list()
    {
        await using var server = await RestServer.AnsweringAsync(200, "{}");

        var run = await CliRun.AgainstAsync(server, "services", "list");

        run.ExitCode.ShouldBe(1);
        run.Error.ShouldContain("Is " + server.Url + " an EventMl server?");
    }

    [Fact]
    public async Task Reaches_the_named_resource_when_the_name_holds_special_characters()
    {
        await using var server = await RestServer.AnsweringAsync(204, "");

        await CliRun.AgainstAsync(server, "datasets", "delete", "a/../b ?#%2e");

        server.Requests.ShouldBe(["DELETE /api/v1/datasets/a%2F..%2Fb%20%3F%23%252e"]);
    }

    [Fact]
    public async Task Keeps_control_characters_off_the_terminal_when_a_name_holds_them()
    {
        await using var server = await RestServer.AnsweringAsync(200, """[{"id":"evil\u001b[2Jname [red]"}]""");

        var run = await CliRun.AgainstAsync(server, "datasets", "list");

        run.Out.ShouldContain("evil [2Jname [red]");
        run.Out.ShouldNotContain("\u001b");
    }

    private static Task<RestServer> StartPagedAsync(int rows) => RestServer.StartAsync((context, _) =>
    {
        var token = context.Request.Query["page_token"].ToString();
        var from = token.Length == 0 ? 0 : int.Parse(token.Trim('p', '=', '/', '&'));
        var size = int.Parse(context.Request.Query["limit"]!);
        if (from + size < rows)
            context.Response.Headers["X-Next-Page-Token"] = $"p={from + size}/&";
        var page = Enumerable.Range(from, Math.Min(size, rows - from)).Select(i => $$"""{"id":"model-{{i}}"}""");
        return RestServer.WriteAsync(context, $"[{string.Join(',', page)}]");
    });
}
