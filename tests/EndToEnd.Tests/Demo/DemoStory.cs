using System.Net;
using System.Text.Json;
using EventMl.EndToEnd.Tests.Hosting;

namespace EventMl.EndToEnd.Tests.Demo;

/// <summary>The check of a step failed.</summary>
internal sealed class DemoStepException(string step, Exception reason) : Exception($"demo step '{step}': {reason.Message}", reason)
{
    public string Step { get; } = step;
}

/// <summary>
/// The demo's steps on small data, each with the check that must hold after it. <paramref name="broken"/> names a step that is given a wrong
/// input, so that tests can show that its check would notice.
/// </summary>
internal sealed class DemoStory(Platform platform, Rest user, string name, string? broken = null)
{
    /// <summary>Environment variable with the step to break when the whole story is run.</summary>
    public const string BreakVariable = "EVENTML_BREAK";

    private const int Train = 600;
    private const int Test = 200;
    private static readonly object Learning = new { epochs = 3, threads = 1 };
    private static readonly object NotLearning = new { epochs = 1, threads = 1, learning_rate = 1e-12 };
    private JsonElement _service;

    public static IReadOnlyList<string> Steps { get; } = ["ingest", "refuse", "train", "evaluate", "promote", "serve", "predict", "history", "replay", "refold"];

    private string Folder => Path.Combine(platform.Data, name);

    public async Task RunAsync()
    {
        Func<bool, Task>[] steps = [IngestAsync, RefuseAsync, TrainAsync, EvaluateAsync, PromoteAsync, ServeAsync, PredictAsync, HistoryAsync, ReplayAsync, RefoldAsync];
        foreach (var (step, run) in Steps.Zip(steps))
        {
            try
            {
                await run(step == broken);
            }
            catch (Exception e)
            {
                throw new DemoStepException(step, e);
            }

            // The check let a wrong input pass: what follows would prove nothing.
            if (step == broken)
            {
                return;
            }
        }
    }

    private async Task IngestAsync(bool wrong)
    {
        SmallImages.Write(Folder, Train, Test, wrongLabels: wrong);
        await user.EndedAsync("ingestion-tasks", await user.IngestAsync($"{name}-in", name, name));
        var dataset = await user.GetAsync($"datasets/{name}");
        var stored = Directory.EnumerateFiles(Path.Combine(dataset.GetProperty("storage_path").GetString()!, "data"), "*.arrow").Order(StringComparer.Ordinal).SelectMany(Labels);
        stored.ShouldBe(SmallImages.Read(SmallImages.Full, "train", Train).Labels.Concat(SmallImages.Read(SmallImages.Full, "t10k", Test).Labels).Select(l => (long)l));
    }

    private async Task RefuseAsync(bool wrong)
    {
        await user.EndedAsync("training-tasks", await user.TrainAsync($"{name}-untrained", name, name, wrong ? Learning : NotLearning));
        (await user.JudgedAsync(name, 1)).ShouldBeFalse("the gate refuses an untrained model");
        (await VersionAsync(1)).GetProperty("refused_reason").GetString().ShouldNotBeNullOrEmpty();
    }

    private async Task TrainAsync(bool wrong)
    {
        await user.EndedAsync("training-tasks", await user.TrainAsync($"{name}-train", name, name, wrong ? NotLearning : Learning));
        var taskId = (await VersionAsync(2)).GetProperty("task_id").GetString();
        var epochs = (await platform.Database.EventsAsync("epoch_completed")).Where(e => e.Data.GetProperty("TaskId").GetString() == taskId).ToArray();
        epochs.Select(e => e.Epoch).ShouldBe([1, 2, 3]);
        epochs[^1].Data.GetProperty("Metrics").GetProperty("test_accuracy").GetDouble().ShouldBeGreaterThan(0.5);
    }

    private async Task EvaluateAsync(bool wrong)
    {
        await user.JudgedAsync(name, 2);
        if (wrong)
        {
            SmallImages.Write(Folder + "-other", 100, Test, wrongLabels: true);
            await user.EndedAsync("ingestion-tasks", await user.IngestAsync($"{name}-other", $"{name}-other", $"{name}-other"));
            await user.PostAsync($"models/{name}/evaluate", new { version = 2, dataset = $"{name}-other" }, HttpStatusCode.Accepted);
            await user.UntilAsync($"models/{name}", m => Rest.Version(m, 2)?.Member("evaluation").Member("dataset").GetString() == $"{name}-other");
        }

        var trained = (await VersionAsync(2)).GetProperty("metrics").GetProperty("test_accuracy").GetDouble();
        var measured = (await VersionAsync(2)).GetProperty("evaluation").GetProperty("metrics").GetProperty("accuracy").GetDouble();
        measured.ShouldBe(trained, 1.001 / Test, "the platform measures what the training reported");
    }

    private async Task PromoteAsync(bool wrong)
    {
        var decision = await user.PostAsync($"models/{name}/promote", new { version = wrong ? 1 : 2 }, HttpStatusCode.OK);
        decision.GetProperty("allowed").GetBoolean().ShouldBeTrue();
        (await user.GetAsync($"models/{name}")).GetProperty("champion").GetInt64().ShouldBe(2);
    }

    private async Task ServeAsync(bool wrong)
    {
        _service = await user.ServeAsync(name, wrong ? $"{name}@1" : name);
        _service.GetProperty("model_version").GetInt64().ShouldBe(2, "the champion is served");
    }

    private async Task PredictAsync(bool wrong)
    {
        const int Images = 10;
        var test = SmallImages.Read(SmallImages.Full, "t10k", Images + 3);
        var right = 0;
        for (var i = 0; i < Images; i++)
        {
            right += await user.PredictAsync(_service, test[wrong ? i + 3 : i].ToArray()) == test.Labels[i] ? 1 : 0;
        }

        right.ShouldBeGreaterThanOrEqualTo(6);
    }

    private async Task HistoryAsync(bool wrong)
    {
        var life = await user.GetAsync($"audit/history?limit=200&thing={(wrong ? "dataset" : "model")}/{name}");
        var types = (life.ValueKind == JsonValueKind.Array ? life : life.GetProperty("items")).EnumerateArray().Select(e => e.GetProperty("type").GetString()).ToArray();
        string[] expected = ["training_requested", "epoch_completed", "model_registered", "model_evaluated", "promotion_decided", "promotion_refused", "model_promoted"];
        expected.Except(types).ShouldBeEmpty();
    }

    private async Task ReplayAsync(bool wrong)
    {
        if (wrong)
        {
            await platform.Database.ExecuteAsync(
                $$"""update ledger.mt_events set data = jsonb_set(data, '{Output}', to_jsonb(replace(data->>'Output', 'true', 'false'))) where type = 'promotion_decided' and data->>'Model' = '{{name}}'""");
        }

        foreach (var version in new[] { 1, 2 })
        {
            var decision = (await VersionAsync(version)).GetProperty("decision_id").GetString();
            (await user.GetAsync($"audit/decisions/{decision}/replay")).GetProperty("identical").GetBoolean().ShouldBeTrue("both decisions come out as they did");
        }
    }

    private async Task RefoldAsync(bool wrong)
    {
        if (wrong)
        {
            // A stream's fold must not depend on what its view says.
            await platform.Database.ExecuteAsync($$"""update ledger.mt_events set data = jsonb_set(data, '{SizeBytes}', '1') || '{"StoragePath": "/elsewhere"}' where type = 'model_registered' and data->>'Model' = '{{name}}'""");
        }

        (await user.GetAsync($"models/{name}/refold")).GetProperty("identical").GetBoolean().ShouldBeTrue("the model refolded from its events equals the live view");
    }

    private async Task<JsonElement> VersionAsync(long version) =>
        Rest.Version(await user.UntilAsync($"models/{name}", m => Rest.Version(m, version) is not null), version)!.Value;

    private static IEnumerable<long> Labels(string path)
    {
        using var file = Arrow.ArrowFile.Open(path);
        return [.. file.Batches().SelectMany(b => b.Column("label").Values<long>().ToArray())];
    }
}
