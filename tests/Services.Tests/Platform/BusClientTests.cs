using System.Text.Json;
using EventMl.Contracts;

namespace EventMl.Services.Tests.Platform;

/// <summary>The walk-through's commands as plain JSON by the Python and Node clients of samples/.</summary>
[Collection(PlatformTests.Name)]
public sealed class BusClientTests(PlatformFixture platform)
{
    [Fact]
    public async Task Does_what_REST_does_when_commands_come_as_plain_JSON()
    {
        Assert.SkipUnless(PythonProgram.CanImport("pika"), "python3-pika is not installed (infra/local/packages python).");
        var (dataset, model) = (PlatformFixture.Unique("bus_data"), PlatformFixture.Unique("bus_model"));
        var (ingestion, training, service) = (Ids.New("ingest"), Ids.New("train"), Ids.New("serve"));

        await PublishAsync(
            "eventml.datasets.request-ingestion",
            new { taskId = ingestion, name = dataset, input = platform.Images, source = "idx", output = dataset },
            "eventml.datasets.ingestion-completed", "eventml.datasets.ingestion-failed", "eventml.datasets.ingestion-rejected");
        (await platform.Rest.GetAsync($"/api/v1/ingestion-tasks/{ingestion}")).Json.ShouldBeCompleted().GetProperty("stats").Number("total_records").ShouldBe(800);

        var definition = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllTextAsync(Path.Combine(PlatformFixture.Samples, "models", "fashion_mlp.json"), TestContext.Current.CancellationToken));
        var epochs = await PublishAsync(
            "eventml.training.request-training",
            new { taskId = training, name = model, input = dataset, model = definition, output = model, @params = new { epochs = 1, batch_size = 64, threads = 1 } },
            "eventml.training.training-completed", "eventml.training.training-failed", "eventml.training.training-rejected");
        epochs.ShouldContain(training);
        (await platform.Rest.GetAsync($"/api/v1/training-tasks/{training}")).Json.ShouldBeCompleted().GetProperty("metrics").Names().ShouldContain("test_accuracy");

        await PublishAsync(
            "eventml.serving.create-inference-service", new { serviceId = service, name = model, model },
            "eventml.serving.inference-service-started", "eventml.serving.inference-service-failed", "eventml.serving.inference-service-rejected");
        (await platform.Rest.PostAsync($"/api/v1/inference-services/{service}/predict", new { image = Convert.ToBase64String(new byte[IdxFolder.Pixels]) }))
            .Json.GetProperty("probabilities").GetArrayLength().ShouldBe(10);
        await PublishAsync("eventml.serving.delete-inference-service", new { serviceId = service }, "eventml.serving.inference-service-deleted");
        (await platform.Rest.GetAsync($"/api/v1/inference-services/{service}")).ShouldBeError(404, "SERVICE_NOT_FOUND");
    }

    [Fact]
    public async Task Answers_with_an_event_when_a_command_is_refused()
    {
        Assert.SkipUnless(PythonProgram.CanImport("pika"), "python3-pika is not installed (infra/local/packages python).");
        var task = Ids.New("train");

        var output = await PublishAsync(
            "eventml.training.request-training", new { taskId = task, name = "n", input = "none", script = "training/mnist_cnn.py", output = "o" },
            exitCode: 1, "eventml.training.training-requested", "eventml.training.training-rejected");

        output.ShouldContain("DATASET_NOT_FOUND");
        (await platform.Rest.GetAsync($"/api/v1/training-tasks/{task}")).ShouldBeError(404, "TASK_NOT_FOUND");
    }

    [Fact]
    public async Task Does_and_answers_the_same_when_commands_come_from_Node()
    {
        var problem = await NodeProgram.ProblemAsync();
        Assert.SkipWhen(problem is not null, problem ?? "");
        var (dataset, ingestion) = (PlatformFixture.Unique("node_data"), Ids.New("ingest"));

        var done = await PublishFromNodeAsync(
            "eventml.datasets.request-ingestion", new { taskId = ingestion, name = dataset, input = platform.Images, source = "idx", output = dataset },
            "eventml.datasets.ingestion-completed", "eventml.datasets.ingestion-failed", "eventml.datasets.ingestion-rejected");
        done.ExitCode.ShouldBe(0, done.Output + done.Error);
        (await platform.Rest.GetAsync($"/api/v1/ingestion-tasks/{ingestion}")).Json.ShouldBeCompleted().GetProperty("stats").Number("total_records").ShouldBe(800);

        var refused = await PublishFromNodeAsync(
            "eventml.training.request-training", new { taskId = Ids.New("train"), name = "n", input = "none", script = "training/mnist_cnn.py", output = "o" },
            "eventml.training.training-requested", "eventml.training.training-rejected");
        refused.ExitCode.ShouldBe(1, refused.Output + refused.Error);
        refused.Output.ShouldContain("DATASET_NOT_FOUND");
    }

    private Task<(int ExitCode, string Output, string Error)> PublishFromNodeAsync(string exchange, object command, params string[] events) => NodeProgram.RunAsync(
        "publish.mjs", [exchange, JsonSerializer.Serialize(command), "--timeout", "200", .. events.SelectMany(e => new[] { "--wait", e })], ("EVENTML_RABBITMQ", platform.Broker.Address.ToString()));

    private Task<string> PublishAsync(string exchange, object command, params string[] events) => PublishAsync(exchange, command, exitCode: 0, events);

    private async Task<string> PublishAsync(string exchange, object command, int exitCode, params string[] events)
    {
        var run = await PythonProgram.RunAsync(
            Path.Combine(PlatformFixture.Samples, "clients", "python", "publish.py"),
            [exchange, JsonSerializer.Serialize(command), "--timeout", "200", "--wait", .. events],
            ("EVENTML_RABBITMQ", platform.Broker.Address.ToString()));
        run.ExitCode.ShouldBe(exitCode, run.Output + run.Error);
        return run.Output;
    }
}
