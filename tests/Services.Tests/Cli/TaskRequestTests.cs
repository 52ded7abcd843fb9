using System.Text.Json.Nodes;

namespace EventMl.Services.Tests.Cli;

public sealed class TaskRequestTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("eventml-cli-");

    [Theory]
    [InlineData("epochs=3", "3")]
    [InlineData("rate=1e-3", "1e-3")]
    [InlineData("big=123456789012345678901234567890", "123456789012345678901234567890")]
    [InlineData("normalize=true", "true")]
    [InlineData("nothing=null", "null")]
    [InlineData("layers=[64, 10]", "[64,10]")]
    [InlineData("""nested={"a":{"b":1}}""", """{"a":{"b":1}}""")]
    [InlineData("device=cpu", "\"cpu\"")]
    [InlineData("text=\"3\"", "\"3\"")]
    [InlineData("empty=", "\"\"")]
    [InlineData("formula=a=b", "\"a=b\"")]
    [InlineData("broken=[1,2", "\"[1,2\"")]
    [InlineData("nan=NaN", "\"NaN\"")]
    [InlineData("at=@file", "\"@file\"")]
    public async Task Sends_a_parameter_as_json_where_it_parses_as_json(string given, string expected)
    {
        var body = await SentByAsync("train", "--name", "n", "--input", "d", "--output", "m", "--script", "s.py", "--param", given);

        var value = body["params"]![given.Split('=')[0]];
        (value?.ToJsonString() ?? "null").ShouldBe(expected);
    }

    [Fact]
    public async Task Sends_an_ingestion_as_the_api_wants_it()
    {
        var body = await SentByAsync(
            "ingest", "--name", "mnist_ingestion", "--input", "/data/raw/mnist/", "--script", "pipelines/mnist_clean.py",
            "--param", "normalize=true", "--param", "flatten=true", "--output", "mnist_clean", "--timeout", "60");

        body.ToJsonString().ShouldBe(
            """{"name":"mnist_ingestion","input":"/data/raw/mnist/","script":"pipelines/mnist_clean.py","params":{"normalize":true,"flatten":true},"output":"mnist_clean","timeout_seconds":60}""");
    }

    [Fact]
    public async Task Sends_the_built_in_reader_when_a_source_is_named()
    {
        var body = await SentByAsync("ingest", "--name", "n", "--input", "/data", "--source", "idx", "--output", "d");

        body.ToJsonString().ShouldBe("""{"name":"n","input":"/data","source":"idx","params":{},"output":"d"}""");
    }

    [Fact]
    public async Task Sends_the_declared_model_when_a_model_file_is_given()
    {
        var file = Path.Combine(_folder.FullName, "model.json");
        await File.WriteAllTextAsync(file, """{"layers":[{"linear":10}]}""", TestContext.Current.CancellationToken);

        var body = await SentByAsync("train", "--name", "n", "--input", "d@2", "--output", "m", "--model", file);

        body.ToJsonString().ShouldBe("""{"name":"n","input":"d@2","model":{"layers":[{"linear":10}]},"params":{},"output":"m"}""");
    }

    [Theory]
    [InlineData("not json", "is not JSON")]
    [InlineData("[1]", "must hold one JSON object")]
    [InlineData(null, "cannot be read")]
    public async Task Answers_2_when_the_model_file_declares_no_model(string? content, string reason)
    {
        await using var server = await RestServer.AnsweringAsync(201, "{}");
        var file = Path.Combine(_folder.FullName, "model.json");
        if (content is not null)
            await File.WriteAllTextAsync(file, content, TestContext.Current.CancellationToken);

        var run = await CliRun.AgainstAsync(server, "train", "--name", "n", "--input", "d", "--output", "m", "--model", file);

        run.ExitCode.ShouldBe(2);
        run.Error.ShouldContain(reason);
        server.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Sends_a_path_of_this_machine_in_full_when_the_server_runs_on_it()
    {
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, _folder.FullName);

        var body = await SentByAsync("ingest", "--name", "n", "--input", relative, "--script", "no/such/here.py", "--output", "d");

        body["input"]!.GetValue<string>().ShouldBe(_folder.FullName);
        body["script"]!.GetValue<string>().ShouldBe("no/such/here.py");
    }

    [Theory]
    [InlineData("--output", "ds", "--output", "json")]
    [InlineData("--output", "json", "--output", "ds")]
    [InlineData("--output", "ds", "--format", "json")]
    [InlineData("--output", "ds", "-o", "json")]
    public async Task Takes_the_dataset_and_the_format_when_both_are_given(params string[] outputs)
    {
        const string created = """{"id":"ingest-1","status":"pending"}""";
        await using var server = await RestServer.AnsweringAsync(201, created);

        var run = await CliRun.AgainstAsync(server, ["ingest", "--name", "n", "--input", "/d", "--source", "idx", .. outputs]);

        run.ShouldBe(new CliRun(0, created + Environment.NewLine, ""));
        server.Requests.ShouldHaveSingleItem().ShouldContain("\"output\":\"ds\"");
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task<JsonNode> SentByAsync(params string[] args)
    {
        await using var server = await RestServer.AnsweringAsync(201, """{"id":"train-1","status":"pending"}""");
        var run = await CliRun.AgainstAsync(server, args);
        run.ExitCode.ShouldBe(0, run.Error);
        return JsonNode.Parse(server.Requests.ShouldHaveSingleItem().Split(' ', 3)[2])!;
    }
}
