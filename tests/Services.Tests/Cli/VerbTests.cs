using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace EventMl.Services.Tests.Cli;

public sealed class VerbTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("eventml-cli-");

    [Fact]
    public async Task Sends_each_image_in_base64_and_shows_the_predictions()
    {
        await using var server = await RestServer.AnsweringAsync(200, """{"prediction":7,"confidence":0.983,"probabilities":[0.017,0.983]}""");
        var images = new[] { Path.Combine(_folder.FullName, "a.png"), Path.Combine(_folder.FullName, "b.raw") };
        await File.WriteAllBytesAsync(images[0], [0x89, 0x50, 0x4E], TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(images[1], [0, 255], TestContext.Current.CancellationToken);

        var table = await CliRun.AgainstAsync(server, ["services", "predict", "serve-1", .. images]);
        var json = await CliRun.AgainstAsync(server, ["services", "predict", "serve-1", images[0], "--output", "json"]);

        server.Requests.Take(2).ShouldBe([
            """POST /api/v1/inference-services/serve-1/predict {"image":"iVBO"}""", """POST /api/v1/inference-services/serve-1/predict {"image":"AP8="}"""]);
        table.Out.ShouldContain("b.raw");
        table.Out.ShouldContain("0.983");
        json.Out.Trim().ShouldBe("""{"prediction":7,"confidence":0.983,"probabilities":[0.017,0.983]}""");
    }

    [Fact]
    public async Task Asks_about_the_past_when_a_moment_is_given_and_changes_nothing_there()
    {
        await using var server = await RestServer.AnsweringAsync(200, "[]");

        await CliRun.AgainstAsync(server, "models", "list", "--as-of", "2026-03-01T12:00:00+02:00");
        await CliRun.AgainstAsync(server, "--as-of", "120", "datasets", "show", "mnist");
        var promoting = await CliRun.AgainstAsync(server, "models", "promote", "fashion-cnn", "--as-of", "120");

        server.Requests.ShouldBe(["GET /api/v1/models?limit=200&as_of=2026-03-01T12%3A00%3A00%2B02%3A00", "GET /api/v1/datasets/mnist?as_of=120"]);
        promoting.ExitCode.ShouldBe(2);
        promoting.Error.ShouldContain("the past cannot be changed");
    }

    [Theory]
    [InlineData("fashion-cnn", "model%2Ffashion-cnn")]
    [InlineData("train-1", "model%2Ftrain-1")]
    [InlineData("task/train-1", "task%2Ftrain-1")]
    [InlineData("dataset/a b", "dataset%2Fa%20b")]
    public async Task Asks_for_the_life_of_a_model_when_the_thing_is_a_bare_name(string thing, string asked)
    {
        await using var server = await RestServer.AnsweringAsync(200, """[{"position":7,"at":"2026-02-10T10:00:00Z","type":"ModelPromoted","actor":"ann","source":"rest","summary":"version 2 became champion"}]""");

        var run = await CliRun.AgainstAsync(server, "audit", "history", thing);

        server.Requests.ShouldBe([$"GET /api/v1/audit/history?thing={asked}&limit=200"]);
        run.Out.ShouldContain("ModelPromoted");
        run.Out.ShouldContain("version 2 became champion");
        run.Out.ShouldContain("2026-02-10 10:00:00Z");
    }

    [Theory]
    [InlineData("true", 0, "identical")]
    [InlineData("false", 1, "DIFFERENT")]
    public async Task Answers_1_when_a_replayed_decision_differs(string identical, int code, string verdict)
    {
        await using var server = await RestServer.AnsweringAsync(200, $$"""{"decision_id":"d1","identical":{{identical}},"recorded":"{}","replayed":"[]","rules":[{"rule":"accuracy >= 0.85","passed":true,"reason":"0.91"}]}""");

        var run = await CliRun.AgainstAsync(server, "audit", "replay", "d1");

        run.ExitCode.ShouldBe(code);
        run.Out.ShouldContain(verdict);
        run.Out.ShouldContain("accuracy >= 0.85");
    }

    [Theory]
    [InlineData("true", 0, "is champion")]
    [InlineData("false", 1, "was refused")]
    public async Task Answers_1_when_the_gate_refuses(string allowed, int code, string verdict)
    {
        await using var server = await RestServer.AnsweringAsync(200, $$"""{"decision_id":"d1","allowed":{{allowed}},"rules":[{"rule":"accuracy","passed":{{allowed}},"reason":"0.1 of 0.85"}],"model":"m","version":2}""");

        var run = await CliRun.AgainstAsync(server, "models", "promote", "m", "--version", "2");

        run.ExitCode.ShouldBe(code);
        run.Out.ShouldContain($"m version 2 {verdict} by decision d1");
        run.Out.ShouldContain("0.1 of 0.85");
        server.Requests.ShouldBe(["""POST /api/v1/models/m/promote {"version":2}"""]);
    }

    [Theory]
    [InlineData("true", 0)]
    [InlineData("false", 1)]
    public async Task Answers_1_when_the_refolded_model_differs(string identical, int code)
    {
        await using var server = await RestServer.AnsweringAsync(200, $$"""{"identical":{{identical}},"version":9,"view":{"a":1}, "refolded":{"a":2} }""");

        (await CliRun.AgainstAsync(server, "models", "refold", "m")).ExitCode.ShouldBe(code);
    }

    [Fact]
    public async Task Asks_for_an_evaluation_of_the_latest_version_when_none_is_named()
    {
        await using var server = await RestServer.AnsweringAsync(202, """{"version":3}""");

        await CliRun.AgainstAsync(server, "models", "evaluate", "m", "--dataset", "d");

        server.Requests.ShouldBe(["""POST /api/v1/models/m/evaluate {"dataset":"d"}"""]);
    }

    [Fact]
    public async Task Creates_a_service_on_the_cpu_when_no_device_is_named()
    {
        await using var server = await RestServer.AnsweringAsync(201, """{"id":"serve-1","name":"s","status":"starting","endpoint":"http://127.0.0.1:8080"}""");

        var run = await CliRun.AgainstAsync(server, "services", "create", "--name", "s", "--model", "m@1", "--port", "8080");

        server.Requests.ShouldBe(["""POST /api/v1/inference-services {"name":"s","model":"m@1","device":"cpu","port":8080}"""]);
        run.Out.ShouldContain("serve-1");
    }

    [Fact]
    public async Task Lists_tasks_of_both_kinds_the_newest_first()
    {
        await using var server = await RestServer.StartAsync((context, path) => RestServer.WriteAsync(context, path.Contains("ingestion-tasks")
            ? """[{"id":"ingest-1","created_at":"2026-02-10T10:00:00Z"}]"""
            : """[{"id":"train-2","created_at":"2026-02-10T12:00:00Z"},{"id":"train-1","created_at":"2026-02-10T09:00:00Z"}]"""));

        var both = await CliRun.AgainstAsync(server, "tasks", "list", "--output", "json");
        var one = await CliRun.AgainstAsync(server, "tasks", "list", "--kind", "ingestion", "--output", "json");

        JsonElement.Parse(both.Out).EnumerateArray().Select(t => t.GetProperty("id").GetString()).ShouldBe(["train-2", "ingest-1", "train-1"]);
        one.Out.Trim().ShouldBe("""[{"id":"ingest-1","created_at":"2026-02-10T10:00:00Z"}]""");
    }

    [Fact]
    public async Task Prints_a_log_while_it_is_written()
    {
        await using var server = await RestServer.StartAsync(async (context, _) =>
        {
            await RestServer.WriteAsync(context, "first\n", contentType: "text/plain");
            await context.Response.WriteAsync("second é\n", context.RequestAborted);
        });

        var run = await CliRun.AgainstAsync(server, "tasks", "logs", "train-1", "--follow");

        run.ShouldBe(new CliRun(0, "first\nsecond é\n", ""));
        server.Requests.ShouldBe(["GET /api/v1/training-tasks/train-1/logs?follow=true"]);
    }

    [Fact]
    public async Task Cancels_the_task_in_the_resource_its_id_names()
    {
        await using var server = await RestServer.AnsweringAsync(200, """{"id":"ingest-1","status":"failed","error":{"code":"TASK_CANCELLED","message":"Cancelled."}}""");

        var run = await CliRun.AgainstAsync(server, "tasks", "cancel", "ingest-1");

        server.Requests.ShouldBe(["POST /api/v1/ingestion-tasks/ingest-1/cancel {}"]);
        run.ExitCode.ShouldBe(0);
        run.Out.ShouldContain("TASK_CANCELLED: Cancelled.");
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
