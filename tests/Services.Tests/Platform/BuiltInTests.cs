using System.Net;
using System.Text.Json;
using EventMl.Bus;

namespace EventMl.Services.Tests.Platform;

/// <summary>The main job without any script: IDX reader, declared model, registry, gate, serving; twice.</summary>
[Collection(PlatformTests.Name)]
public sealed class BuiltInTests(PlatformFixture platform)
{
    private RestClient Rest => platform.Rest;

    [Fact]
    public async Task Carries_data_through_the_whole_platform_and_makes_second_versions_when_repeated()
    {
        var (dataset, model) = (PlatformFixture.Unique("fashion"), PlatformFixture.Unique("fashion_mlp"));

        for (var version = 1; version <= 2; version++)
        {
            var ingested = (await Rest.RunAsync("/api/v1/ingestion-tasks", new { name = dataset, input = platform.Images, source = "idx", output = dataset })).ShouldBeCompleted();
            ingested.Number("version").ShouldBe(version);
            var trained = (await Rest.RunAsync("/api/v1/training-tasks", DeclaredTraining(model, dataset, seed: version))).ShouldBeCompleted();
            trained.GetProperty("model").Number("version").ShouldBe(version);
            trained.Number("input_version").ShouldBe(version);
            var judged = await Rest.UntilAsync($"/api/v1/models/{model}", m => m.GetProperty("versions").EnumerateArray().Last().Names().Contains("decision_id"));
            judged.Number("champion").ShouldBe(version, judged.ToString());
            await ShouldHaveLivedAsync(trained.Text("id")!, model, version);
        }

        (await Rest.GetAsync($"/api/v1/datasets/{dataset}")).Json.GetProperty("versions").GetRawText().ShouldBe("[1,2]");
        (await Rest.GetAsync($"/api/v1/models/{model}@1")).Json.Number("version").ShouldBe(1);
        await ServeAsync(model);
    }

    [Fact]
    public async Task Refuses_promotion_with_the_reason_when_the_model_is_too_weak()
    {
        var model = PlatformFixture.Unique("weak");
        var request = new
        {
            name = model, input = await platform.DigitsAsync(), model = Definition(), output = model,
            @params = new { epochs = 1, batch_size = 600, learning_rate = 1e-12, seed = 3, threads = 1 },
        };

        (await Rest.RunAsync("/api/v1/training-tasks", request)).ShouldBeCompleted();
        var judged = await Rest.UntilAsync($"/api/v1/models/{model}", m => m.GetProperty("versions")[0].Names().Contains("decision_id"));

        judged.Names().ShouldNotContain("champion");
        judged.GetProperty("versions")[0].Text("refused_reason")!.ShouldContain("below");
        var decision = judged.GetProperty("versions")[0].Text("decision_id");
        (await Rest.GetAsync($"/api/v1/audit/decisions/{decision}/replay")).Json.GetProperty("identical").GetBoolean().ShouldBeTrue();
        (await Rest.GetAsync($"/api/v1/models/{model}/refold")).Json.GetProperty("identical").GetBoolean().ShouldBeTrue();
    }

    private static object DeclaredTraining(string model, string dataset, int seed) => new
    {
        name = model, input = dataset, model = Definition(), output = model,
        @params = new { epochs = 2, batch_size = 32, learning_rate = 0.001, seed, threads = 1 },
    };

    private static JsonElement Definition() => JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Path.Combine(PlatformFixture.Samples, "models", "fashion_mlp.json")));

    private async Task ShouldHaveLivedAsync(string taskId, string model, int version)
    {
        (await platform.EventsAsync($"training_task-{taskId}")).ShouldBe(["TrainingRequested", "TrainingStarted", "ModelTrained", "TrainingCompleted"]);
        (await platform.EventsAsync($"training_progress-{taskId}")).ShouldBe(["EpochCompleted", "EpochCompleted"]);
        (await platform.EventsAsync($"model-{model}")).ShouldBe(
            Enumerable.Repeat<string[]>(["ModelRegistered", "EvaluationRequested", "ModelEvaluated", "ModelPromoted"], version).SelectMany(e => e), ignoreOrder: false);
        await Eventually.TrueAsync(
            async () => await platform.Database.ScalarAsync<string>($"select state from sagas.saga where kind = 'training-task' and id = '{SagaId.From(taskId)}'") == "Done", "the saga is done");
    }

    private async Task ServeAsync(string model)
    {
        var created = await Rest.PostAsync("/api/v1/inference-services", new { name = model, model });
        created.ShouldBe(HttpStatusCode.Created);
        var path = $"/api/v1/inference-services/{created.Json.Text("id")}";
        var service = await Rest.UntilStatusAsync(path, "running");
        service.Number("model_version").ShouldBe(2);
        (await Rest.PostAsync("/api/v1/inference-services", new { name = model, model })).ShouldBeError(409, "SERVICE_ALREADY_EXISTS");

        using (var endpoint = new RestClient(new Uri(service.Text("endpoint")!)))
        {
            await ShouldSpeakTensorFlowServingAsync(endpoint, model, version: 2);
        }

        await ShouldPredictImagesAsync($"{path}/predict");

        (await Rest.DeleteAsync(path)).ShouldBe(HttpStatusCode.NoContent);
        (await Rest.GetAsync(path)).ShouldBeError(404, "SERVICE_NOT_FOUND");
        (await Rest.PostAsync($"{path}/predict", "{}")).ShouldBeError(404, "SERVICE_NOT_FOUND");
        (await Rest.DeleteAsync(path)).ShouldBeError(404, "SERVICE_NOT_FOUND");
        var again = await Rest.PostAsync("/api/v1/inference-services", new { name = model, model = $"{model}@1" });
        again.ShouldBe(HttpStatusCode.Created);
        again.Json.Number("model_version").ShouldBe(1);
        (await Rest.DeleteAsync($"/api/v1/inference-services/{again.Json.Text("id")}")).ShouldBe(HttpStatusCode.NoContent);
    }

    private static async Task ShouldSpeakTensorFlowServingAsync(RestClient endpoint, string model, int version)
    {
        var golden = $$$"""{"model_version_status":[{"version":"{{{version}}}","state":"AVAILABLE","status":{"error_code":"OK","error_message":""}}]}""";
        (await endpoint.GetAsync($"/v1/models/{model}")).Body.ShouldBe(golden);
        (await endpoint.GetAsync($"/v1/models/{model}/versions/{version}")).Body.ShouldBe(golden);

        var instances = Enumerable.Range(0, 3).Select(n => Enumerable.Range(0, IdxFolder.Pixels).Select(i => (i * (n + 3)) % 256).ToArray()).ToArray();
        var predicted = await endpoint.PostAsync($"/v1/models/{model}:predict", new { instances });
        predicted.ShouldBe(HttpStatusCode.OK);
        predicted.Json.Names().ShouldBe(["predictions"]);
        predicted.Json.GetProperty("predictions").EnumerateArray().Select(p => p.GetArrayLength()).ShouldBe([10, 10, 10]);
        var nested = instances.Select(p => p.Chunk(28).ToArray());
        (await endpoint.PostAsync($"/v1/models/{model}/versions/{version}:predict", new { instances = nested })).Body.ShouldBe(predicted.Body);
        (await endpoint.PostAsync($"/v1/models/{model}:predict", new { inputs = instances })).Json.GetProperty("outputs").GetRawText()
            .ShouldBe(predicted.Json.GetProperty("predictions").GetRawText());

        var missing = await endpoint.PostAsync("/v1/models/half:predict", new { instances });
        missing.ShouldBe(HttpStatusCode.NotFound);
        missing.Body.ShouldBe("""{"error":"Servable not found for request: Latest(half)"}""");
        var old = await endpoint.PostAsync($"/v1/models/{model}/versions/77:predict", new { instances });
        old.ShouldBe(HttpStatusCode.NotFound);
        old.Body.ShouldBe($$"""{"error":"Servable not found for request: Specific({{model}}, 77)"}""");
        var unknown = await endpoint.GetAsync("/v1/models/half");
        unknown.ShouldBe(HttpStatusCode.NotFound);
        unknown.Body.ShouldBe("""{"error":"Could not find any versions of model half"}""");
        (await endpoint.GetAsync($"/v1/models/{model}/versions/77")).Body.ShouldBe($$"""{"error":"Could not find version 77 of model {{model}}"}""");
        (await endpoint.PostAsync($"/v1/models/{model}:predict", "{")).ShouldBe(HttpStatusCode.BadRequest);
        (await endpoint.PostAsync($"/v1/models/{model}:predict", new { instances = new[] { new[] { 1, 2 } } })).ShouldBe(HttpStatusCode.BadRequest);
        (await endpoint.PostAsync($"/v1/models/{model}:predict", new { instances, inputs = instances })).ShouldBe(HttpStatusCode.BadRequest);
    }

    private async Task ShouldPredictImagesAsync(string path)
    {
        var pixels = Enumerable.Range(0, IdxFolder.Pixels).Select(i => (byte)(i * 5)).ToArray();
        var raw = await Predict(pixels);
        raw.ShouldBe(HttpStatusCode.OK);
        raw.Json.GetProperty("probabilities").GetArrayLength().ShouldBe(10);
        raw.Json.Text("label").ShouldNotBeNullOrEmpty();
        (await Predict(TestPng.Grey(28, 28, pixels))).Body.ShouldBe(raw.Body);

        (await Predict(pixels[1..])).ShouldBeError(400, "INVALID_REQUEST");
        (await Predict(TestPng.Grey(27, 28, pixels[28..]))).ShouldBeError(400, "INVALID_REQUEST");
        (await Predict(TestPng.Grey(28, 28, pixels)[..100])).ShouldBeError(400, "INVALID_REQUEST");
        (await Rest.PostAsync(path, new { image = "no base64!" })).ShouldBeError(400, "INVALID_REQUEST");
        (await Rest.PostAsync(path, new { image = 7 })).ShouldBeError(400, "INVALID_REQUEST");
        (await Rest.PostAsync(path, new { picture = "" })).ShouldBeError(400, "INVALID_REQUEST");
        (await Rest.PostAsync(path, "{")).ShouldBeError(400, "INVALID_REQUEST");

        Task<RestAnswer> Predict(byte[] image) => Rest.PostAsync(path, new { image = Convert.ToBase64String(image) });
    }
}
