using System.Net;
using System.Net.Sockets;

namespace EventMl.Services.Tests.Cli;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("Required command was not provided", "datasets")]
    [InlineData("Unrecognized command or argument 'lst'", "datasets", "lst")]
    [InlineData("'..' is not a name", "datasets", "delete", "..")]
    [InlineData("'' is not a name", "datasets", "show", "")]
    [InlineData("begins with ingest-, task- or train-", "tasks", "show", "serve-1")]
    [InlineData("json or table, not 'xml'", "models", "list", "--output", "xml")]
    [InlineData("--limit takes a whole number from 1, not '0'", "models", "list", "--limit", "0")]
    [InlineData("names no thing", "audit", "history", "planet/earth")]
    [InlineData("either --script PATH or --source READER", "ingest", "--name", "a", "--input", "b", "--output", "c")]
    [InlineData("either --script PATH or --source READER", "ingest", "--name", "a", "--input", "b", "--output", "c", "--script", "d", "--source", "idx")]
    [InlineData("Give --input PATH, unless --source is sql", "ingest", "--name", "a", "--output", "c", "--source", "csv")]
    [InlineData("Give --input PATH, unless --source is sql", "ingest", "--name", "a", "--input", "b", "--output", "c", "--source", "sql")]
    [InlineData("either --script PATH or --model FILE.json", "train", "--name", "a", "--input", "b", "--output", "c")]
    [InlineData("--param takes KEY=VALUE, not 'epochs'", "train", "--name", "a", "--input", "b", "--output", "c", "--script", "d", "--param", "epochs")]
    [InlineData("--param epochs is given twice", "train", "--name", "a", "--input", "b", "--output", "c", "--script", "d", "--param", "epochs=1", "--param", "epochs=2")]
    [InlineData("--output names one dataset", "ingest", "--name", "a", "--input", "b", "--output", "c", "--output", "d", "--source", "idx")]
    [InlineData("Option '--name' is required", "services", "create", "--model", "m")]
    [InlineData("--port takes a number", "services", "create", "--name", "n", "--model", "m", "--port", "70000")]
    [InlineData("is not the address of a server", "--url", "ftp://example", "datasets", "list")]
    [InlineData("cannot be read", "services", "predict", "serve-1", "/no/such/image.png")]
    public async Task Answers_2_and_says_why_when_the_command_line_makes_no_sense(string reason, params string[] args)
    {
        await using var server = await RestServer.AnsweringAsync(200, "[]");

        var run = await CliRun.RunAsync(name => name == "EVENTML_URL" ? server.Url : null, args);

        run.Error.ShouldContain(reason);
        run.ExitCode.ShouldBe(2);
        run.Out.ShouldBeEmpty();
        server.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Answers_3_and_says_what_to_do_when_no_server_listens()
    {
        var run = await CliRun.RunAsync(_ => null, ["--url", $"http://127.0.0.1:{FreePort()}", "datasets", "list"]);

        run.ExitCode.ShouldBe(3);
        run.Error.ShouldContain("Connection refused");
        run.Error.ShouldContain("./eventml up");
        run.Out.ShouldBeEmpty();
    }

    [Fact]
    public async Task Answers_3_when_the_server_hangs_up_in_the_middle()
    {
        await using var server = await RestServer.StartAsync((context, _) =>
        {
            context.Abort();
            return Task.CompletedTask;
        });

        (await CliRun.AgainstAsync(server, "models", "list")).ExitCode.ShouldBe(3);
    }

    [Fact]
    public async Task Answers_130_when_interrupted_while_the_server_is_silent()
    {
        using var interrupt = new CancellationTokenSource();
        await using var server = await RestServer.StartAsync(async (context, _) =>
        {
            await interrupt.CancelAsync();
            await context.RequestAborted.WhenCancelledAsync();
        });

        (await CliRun.RunAsync(name => name == "EVENTML_URL" ? server.Url : null, ["models", "list"], interrupt.Token)).ExitCode.ShouldBe(130);
    }

    [Fact]
    public async Task Takes_the_address_from_the_option_before_the_environment()
    {
        await using var server = await RestServer.AnsweringAsync(200, "[]");

        var byVariable = await CliRun.RunAsync(name => name == "EVENTML_URL" ? server.Url : null, ["datasets", "list"]);
        var byOption = await CliRun.RunAsync(name => name == "EVENTML_URL" ? "http://127.0.0.1:1" : null, ["datasets", "list", "--url", server.Url + "/"]);

        byVariable.ExitCode.ShouldBe(0);
        byOption.ExitCode.ShouldBe(0);
        server.Requests.ShouldBe(["GET /api/v1/datasets?limit=200", "GET /api/v1/datasets?limit=200"]);
    }

    [Fact]
    public async Task Prints_its_version_without_a_server()
    {
        var run = await CliRun.RunAsync(_ => null, ["version", "--output", "json"]);

        run.ExitCode.ShouldBe(0);
        run.Out.Trim().ShouldBe("""{"version":"0.1.0"}""");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
