using System.Text.Json;
using EventMl.Datasets.Viewing;
using EventMl.EventStore;
using EventMl.Serving.Viewing;
using EventMl.Training.Viewing;
using Microsoft.Extensions.DependencyInjection;

namespace EventMl.Services.Tests.Platform;

/// <summary>Every live row equals the fold of its stream.</summary>
[Collection(PlatformTests.Name)]
public sealed class ViewTests(PlatformFixture platform)
{
    [Fact]
    public async Task Shows_what_the_fold_of_the_stream_gives_after_real_work()
    {
        var name = PlatformFixture.Unique("viewed");
        var digits = await platform.DigitsAsync();
        var definition = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllTextAsync(Path.Combine(PlatformFixture.Samples, "models", "fashion_mlp.json"), TestContext.Current.CancellationToken));
        (await platform.Rest.RunAsync("/api/v1/training-tasks", new { name, input = digits, model = definition, output = name, @params = new { epochs = 1, threads = 1 } })).ShouldBeCompleted();
        (await platform.Rest.RunAsync("/api/v1/training-tasks", new { name, input = digits, script = "faulty/faulty.py", @params = new { fault = "throw" }, output = name }))
            .ShouldHaveFailed("SCRIPT_FAILED");
        var service = await platform.Rest.PostAsync("/api/v1/inference-services", new { name, model = name });
        await platform.Rest.UntilStatusAsync(service.Headers["Location"], "running");

        (await CheckAsync<IngestionTaskView, IngestionTaskRow>()).ShouldBeGreaterThan(0);
        (await CheckAsync<DatasetView, DatasetRow>()).ShouldBeGreaterThan(0);
        (await CheckAsync<TrainingTaskView, TrainingTaskRow>()).ShouldBeGreaterThan(1);
        (await CheckAsync<EpochView, EpochRows>()).ShouldBeGreaterThan(0);
        (await CheckAsync<InferenceServiceView, InferenceServiceRow>()).ShouldBeGreaterThan(0);
        await platform.Rest.DeleteAsync(service.Headers["Location"]);
    }

    private async Task<int> CheckAsync<TView, TRow>()
        where TView : View<TRow>
        where TRow : class
    {
        var view = platform.Services.GetRequiredService<TView>();
        var (rows, _) = await view.ListAsync(1000, null, TestContext.Current.CancellationToken);
        foreach (var row in rows)
        {
            var events = await platform.Ledger.ReadStreamAsync($"{view.Category}-{row.Id}", 1, TestContext.Current.CancellationToken);
            var (folded, live) = (Json(view.Fold(events)), Json(row.Row));

            events[^1].Version.ShouldBe(row.Version);
            JsonElement.DeepEquals(folded, live).ShouldBeTrue($"{typeof(TView).Name} {row.Id}\nfold: {folded}\nlive: {live}");
        }

        return rows.Count;
    }

    private static JsonElement Json<TRow>(TRow row) => JsonSerializer.SerializeToElement(row, LedgerJson.Options);
}
