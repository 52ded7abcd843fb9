using System.Net;
using System.Text.Json;

namespace EventMl.Services.Tests.Platform;

/// <summary>The MNIST walk-through that users know (seven requests), with scripts in Python and in C#.</summary>
[Collection(PlatformTests.Name)]
public sealed class WalkThroughTests(PlatformFixture platform)
{
    private RestClient Rest => platform.Rest;

    [Fact]
    public Task Gives_the_documented_fields_at_every_step_when_scripts_are_Python()
    {
        Assert.SkipUnless(HasPythonTorch(), "python3-torch is not installed (infra/local/packages python).");
        return WalkAsync("py");
    }

    [Fact]
    public Task Gives_the_documented_fields_at_every_step_when_scripts_are_CSharp() => WalkAsync("cs");

    private async Task WalkAsync(string extension)
    {
        var (dataset, model) = (PlatformFixture.Unique($"mnist_clean_{extension}"), PlatformFixture.Unique($"mnist_cnn_{extension}"));

        // Step 1: create an ingestion task.
        var ingestion = await Rest.PostAsync("/api/v1/ingestion-tasks", new
        {
            name = $"mnist_ingestion_{extension}",
            input = platform.Images,
            script = $"pipelines/mnist_clean.{extension}",
            @params = new { normalize = true, flatten = true },
            output = dataset,
        });
        ingestion.ShouldBe(HttpStatusCode.Created);
        var created = ShouldBeTask(ingestion.Json, "ingest-", $"mnist_ingestion_{extension}");
        created.Text("output").ShouldBe(dataset);
        ingestion.Headers["Location"].ShouldBe($"/api/v1/ingestion-tasks/{created.Text("id")}");

        // Step 2: look at the task until it is over.
        var ingested = (await Rest.UntilEndedAsync(ingestion.Headers["Location"])).ShouldBeCompleted();
        ingested.Text("id").ShouldBe(created.Text("id"));
        ingested.Text("name").ShouldBe($"mnist_ingestion_{extension}");
        ingested.Time("completed_at").ShouldBeGreaterThan(ingested.Time("created_at"));
        ingested.Text("output").ShouldBe(dataset);
        var stats = ingested.GetProperty("stats");
        stats.Number("total_records").ShouldBe(IdxFolder.TrainRows + IdxFolder.TestRows);
        stats.Number("train_records").ShouldBe(IdxFolder.TrainRows);
        stats.Number("test_records").ShouldBe(IdxFolder.TestRows);

        // Step 3: look at the dataset.
        ShouldBeDataset((await Rest.GetAsync($"/api/v1/datasets/{dataset}")).Json, dataset);

        // Step 4: create a training task.
        var training = await Rest.PostAsync("/api/v1/training-tasks", new
        {
            name = model,
            input = dataset,
            script = $"training/mnist_cnn.{extension}",
            @params = new { epochs = 2, learning_rate = 0.001, batch_size = 64, device = "cpu", threads = 1 },
            output = model,
        });
        training.ShouldBe(HttpStatusCode.Created);
        var accepted = ShouldBeTask(training.Json, "train-", model);

        // Step 5: look at the training until it is over.
        var trained = (await Rest.UntilEndedAsync($"/api/v1/training-tasks/{accepted.Text("id")}")).ShouldBeCompleted();
        trained.Text("name").ShouldBe(model);
        trained.Time("completed_at").ShouldBeGreaterThan(trained.Time("created_at"));
        trained.Text("output").ShouldBe(model);
        trained.GetProperty("metrics").GetProperty("train_loss").GetDouble().ShouldBeGreaterThan(0);
        trained.GetProperty("metrics").GetProperty("test_accuracy").GetDouble().ShouldBeInRange(0.2, 1);
        var epochs = (await Rest.GetAsync($"/api/v1/training-tasks/{accepted.Text("id")}/epochs")).Json.EnumerateArray().ToArray();
        epochs.Select(e => e.Number("epoch")).ShouldBe([1, 2]);
        epochs.ShouldAllBe(e => double.IsFinite(e.GetProperty("metrics").GetProperty("train_loss").GetDouble()));
        var described = (await Rest.GetAsync($"/api/v1/models/{model}")).Json;
        new[] { "id", "created_at", "storage_path", "input", "params", "metrics" }.ShouldBeSubsetOf(described.Names());

        // Step 6: start an inference service.
        var service = await Rest.PostAsync("/api/v1/inference-services", new { name = $"{model}_predictor", model, device = "cpu", port = 0 });
        service.ShouldBe(HttpStatusCode.Created);
        service.Json.Text("id")!.ShouldStartWith("serve-");
        service.Json.Text("name").ShouldBe($"{model}_predictor");
        service.Json.Text("status").ShouldBeOneOf("starting", "running");
        service.Json.Time("created_at");
        var running = await Rest.UntilStatusAsync($"/api/v1/inference-services/{service.Json.Text("id")}", "running");
        running.Text("endpoint").ShouldBe($"http://localhost:{running.Number("port")}");
        running.Text("model").ShouldBe(model);
        running.Text("device").ShouldBe("cpu");

        // Step 7: predict.
        var predicted = await Rest.PostAsync(
            $"/api/v1/inference-services/{service.Json.Text("id")}/predict", new { image = Convert.ToBase64String(new byte[IdxFolder.Pixels]) });
        predicted.ShouldBe(HttpStatusCode.OK);
        ShouldBePrediction(predicted.Json);
        (await Rest.DeleteAsync($"/api/v1/inference-services/{service.Json.Text("id")}")).ShouldBe(HttpStatusCode.NoContent);
    }

    private static JsonElement ShouldBeTask(JsonElement task, string prefix, string name)
    {
        task.Text("id")!.ShouldStartWith(prefix);
        task.Text("name").ShouldBe(name);
        task.Text("status").ShouldBeOneOf("pending", "running");
        task.Time("created_at");
        return task;
    }

    private static void ShouldBeDataset(JsonElement dataset, string name)
    {
        dataset.Text("id").ShouldBe(name);
        dataset.Time("created_at");
        dataset.Text("storage_path")!.ShouldContain($"datasets/{name}");
        dataset.Text("path").ShouldBe(dataset.Text("storage_path"));
        dataset.GetProperty("schema").GetRawText().ShouldBe("""{"image":"binary","label":"int64","split":"string"}""");
        dataset.GetProperty("stats").Number("total_records").ShouldBe(IdxFolder.TrainRows + IdxFolder.TestRows);
        dataset.GetProperty("stats").Number("size_bytes").ShouldBeGreaterThan((IdxFolder.TrainRows + IdxFolder.TestRows) * IdxFolder.Pixels);
        dataset.Number("num_rows").ShouldBe(IdxFolder.TrainRows + IdxFolder.TestRows);
        dataset.Number("size_bytes").ShouldBe(dataset.GetProperty("stats").Number("size_bytes"));
    }

    private static void ShouldBePrediction(JsonElement prediction)
    {
        new[] { "prediction", "confidence", "probabilities" }.ShouldBeSubsetOf(prediction.Names());
        var probabilities = prediction.GetProperty("probabilities").EnumerateArray().Select(p => p.GetDouble()).ToArray();
        probabilities.Length.ShouldBe(10);
        probabilities.Sum().ShouldBe(1, 1e-4);
        prediction.GetProperty("confidence").GetDouble().ShouldBe(probabilities.Max());
        probabilities[prediction.Number("prediction")].ShouldBe(probabilities.Max());
    }

    private static bool HasPythonTorch() => PythonProgram.CanImport("torch") && PythonProgram.CanImport("numpy");
}
