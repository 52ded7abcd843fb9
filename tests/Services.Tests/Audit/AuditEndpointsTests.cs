using System.Net;
using System.Text.Json;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.Contracts.Models;
using EventMl.Contracts.Training;
using EventMl.Policy;
using EventMl.Services.Tests.Models;

namespace EventMl.Services.Tests.Audit;

public class AuditEndpointsTests
{
    private static readonly TrainingRequested Asked = new("train-1", "digits", "mnist", 1, "lake://datasets/mnist@1", "ab", null, null, Given.Json("{}"), "digits", 60, Given.Now);

    [Fact]
    public async Task Tells_a_models_life_over_all_its_streams_in_ledger_order()
    {
        await using var host = await ModelsHost.StartAsync();
        await LiveAsync(host);
        var life = await host.UntilAsync("/api/v1/audit/history?thing=model/digits", l => l.GetArrayLength() == 7);
        var rows = life.EnumerateArray().ToArray();
        rows.Select(r => r.GetProperty("type").GetString()).ShouldBe(
            ["training_requested", "epoch_completed", "model_registered", "evaluation_requested", "model_evaluated", "promotion_decided", "model_promoted"]);
        rows.Select(r => r.GetProperty("position").GetInt64()).ShouldBeInOrder();
        rows[1].GetProperty("summary").GetString().ShouldBe("Epoch 1 of 3 completed with loss 0.5.");
        rows[4].GetProperty("summary").GetString().ShouldBe("Version 1 was evaluated on mnist@1 (measured) with accuracy 0.9, loss 0.31.");
        rows[6].GetProperty("summary").GetString().ShouldBe("Version 1 became champion.");
        rows[6].GetProperty("actor").GetString().ShouldBe("anonymous");
        rows[6].GetProperty("source").GetString().ShouldBe("rest");
        rows[6].GetProperty("data").GetProperty("Model").GetString().ShouldBe("digits");
    }

    [Fact]
    public async Task Tells_what_was_true_then_when_a_position_or_instant_is_given()
    {
        await using var host = await ModelsHost.StartAsync();
        await LiveAsync(host);
        var life = await host.UntilAsync("/api/v1/audit/history?thing=model/digits", l => l.GetArrayLength() == 7);
        var third = life[2].GetProperty("position").GetInt64();
        (await host.GetAsync($"/api/v1/audit/history?thing=model/digits&as_of={third}")).GetArrayLength().ShouldBe(3);
        (await host.GetAsync("/api/v1/audit/history?thing=model/digits&as_of=2100-01-01T00:00:00Z")).GetArrayLength().ShouldBe(7);
        ModelsHost.Code(await host.GetAsync("/api/v1/audit/history?thing=model/digits&as_of=2001-01-01T00:00:00Z", HttpStatusCode.NotFound)).ShouldBe(ErrorCodes.ModelNotFound);
        ModelsHost.Code(await host.GetAsync("/api/v1/audit/history?thing=model/digits&as_of=yesterday", HttpStatusCode.BadRequest)).ShouldBe(ErrorCodes.InvalidRequest);
    }

    [Fact]
    public async Task Tells_the_lives_of_tasks_and_datasets_too()
    {
        await using var host = await ModelsHost.StartAsync();
        await LiveAsync(host);
        var ingested = new DataIngested("mnist", 1, "ingest-1", 1, "lake://datasets/mnist@1", "ab", "/lake", [], 10, 100, Given.Json("{}"), Given.Now);
        await host.AppendAsync("ingestion_task-ingest-1", 0, new IngestionStarted("ingest-1", 1, "w", Given.Now));
        await host.AppendAsync("dataset-mnist", 0, ingested);
        (await host.UntilAsync("/api/v1/audit/history?thing=task/train-1", l => l.GetArrayLength() == 2)).ValueKind.ShouldBe(JsonValueKind.Array);
        (await host.UntilAsync("/api/v1/audit/history?thing=dataset/mnist", l => l.GetArrayLength() == 2))[1].GetProperty("summary").GetString()
            .ShouldBe("Version 1 of dataset 'mnist' with 10 rows was ingested.");
    }

    [Theory]
    [InlineData("model/x", ErrorCodes.ModelNotFound)]
    [InlineData("dataset/x", ErrorCodes.DatasetNotFound)]
    [InlineData("task/x", ErrorCodes.TaskNotFound)]
    [InlineData("service/x", ErrorCodes.ServiceNotFound)]
    public async Task Names_what_is_missing_when_the_ledger_knows_nothing(string thing, string code)
    {
        await using var host = await ModelsHost.StartAsync();
        ModelsHost.Code(await host.GetAsync($"/api/v1/audit/history?thing={thing}", HttpStatusCode.NotFound)).ShouldBe(code);
        ModelsHost.Code(await host.GetAsync("/api/v1/audit/history?thing=planet/x", HttpStatusCode.BadRequest)).ShouldBe(ErrorCodes.InvalidRequest);
        ModelsHost.Code(await host.GetAsync("/api/v1/audit/decisions/x/replay", HttpStatusCode.NotFound)).ShouldBe(ErrorCodes.DecisionNotFound);
    }

    [Fact]
    public async Task Shows_the_difference_when_a_record_says_something_else_than_the_replay()
    {
        await using var host = await ModelsHost.StartAsync();
        var judged = EventMl.Models.Promoting.Promotion.Judge(
            Given.Model(Given.Registered(), Given.Evaluating(), Given.Evaluated(0.1)), "digits", null, Given.Policy, "dec-1", Given.Now).Decided!;
        var forged = judged with { Allowed = true, Output = judged.Output.Replace("\"allowed\":false", "\"allowed\":true", StringComparison.Ordinal) };
        await host.AppendAsync("decision-dec-1", 0, forged);
        var replay = await host.GetAsync("/api/v1/audit/decisions/dec-1/replay");
        replay.GetProperty("identical").GetBoolean().ShouldBeFalse();
        replay.GetProperty("difference").GetString()!.ShouldContain("another answer");
        replay.GetProperty("evaluator_version").GetString().ShouldBe(Gate.Version);
    }

    private static async Task LiveAsync(ModelsHost host)
    {
        await host.AppendAsync("training_task-train-1", 0, Asked);
        await host.AppendAsync("training_progress-train-1", 0, new EpochCompleted("train-1", 1, 1, 3, new Dictionary<string, double>(StringComparer.Ordinal) { ["loss"] = 0.5 }, null, null, null, null, Given.Now));
        await host.SendAsync(Given.Register());
        await host.AppendAsync("model-digits", 1, Given.Evaluating(), Given.Evaluated(0.9));
        await host.PostAsync("/api/v1/models/digits/promote");
    }
}
