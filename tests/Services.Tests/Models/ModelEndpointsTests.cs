using System.Net;
using EventMl.Contracts;
using EventMl.Contracts.Models;
using EventMl.Lake;
using EventMl.Policy;

namespace EventMl.Services.Tests.Models;

public class ModelEndpointsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Registers_one_version_when_16_report_the_same_task()
    {
        await using var host = await ModelsHost.StartAsync();
        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => host.SendAsync(Given.Register())));
        results.ShouldAllBe(r => r.Refusal == null);
        (await host.GetAsync("/api/v1/models/digits")).GetProperty("versions").GetArrayLength().ShouldBe(1);
        (await host.Ledger.ReadStreamAsync("model-digits", 1, Cancel)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Shows_models_as_the_walk_through_does()
    {
        await using var host = await ModelsHost.StartAsync();
        await host.SendAsync(Given.Register());
        await host.SendAsync(Given.Register("train-2", 2));
        var listed = (await host.GetAsync("/api/v1/models")).EnumerateArray().Single();
        listed.EnumerateObject().Select(p => p.Name).ShouldBe(["id", "created_at", "storage_path", "input", "params", "metrics", "version", "versions"]);
        listed.GetProperty("id").GetString().ShouldBe("digits");
        listed.GetProperty("input").GetString().ShouldBe("mnist");
        (await host.GetAsync("/api/v1/models/digits")).GetProperty("version").GetInt64().ShouldBe(2);
        (await host.GetAsync("/api/v1/models/digits@1")).GetProperty("version").GetInt64().ShouldBe(1);
        ModelsHost.Code(await host.GetAsync("/api/v1/models/digits@3", HttpStatusCode.NotFound)).ShouldBe(ErrorCodes.ModelNotFound);
        ModelsHost.Code(await host.GetAsync("/api/v1/models/other", HttpStatusCode.NotFound)).ShouldBe(ErrorCodes.ModelNotFound);
    }

    [Fact]
    public async Task Hides_a_model_when_it_is_deleted()
    {
        await using var host = await ModelsHost.StartAsync();
        await host.SendAsync(Given.Register());
        (await host.Client.DeleteAsync(new Uri("/api/v1/models/digits", UriKind.Relative), Cancel)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await host.GetAsync("/api/v1/models")).GetArrayLength().ShouldBe(0);
        await host.GetAsync("/api/v1/models/digits", HttpStatusCode.NotFound);
        (await host.Client.DeleteAsync(new Uri("/api/v1/models/digits", UriKind.Relative), Cancel)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Refuses_with_the_documented_codes_when_a_request_is_wrong()
    {
        await using var host = await ModelsHost.StartAsync();
        await host.SendAsync(Given.Register());
        ModelsHost.Code(await host.PostAsync("/api/v1/models/other/promote", null, HttpStatusCode.NotFound)).ShouldBe(ErrorCodes.ModelNotFound);
        ModelsHost.Code(await host.PostAsync("/api/v1/models/digits/promote", null, HttpStatusCode.BadRequest)).ShouldBe(ErrorCodes.InvalidRequest);
        ModelsHost.Code(await host.PostAsync("/api/v1/models/digits/evaluate", new { version = 9 }, HttpStatusCode.NotFound)).ShouldBe(ErrorCodes.ModelNotFound);
        ModelsHost.Code(await host.PostAsync("/api/v1/models/digits/evaluate", new { dataset = "nothing" }, HttpStatusCode.NotFound)).ShouldBe(ErrorCodes.DatasetNotFound);
        ModelsHost.Code(await host.PostAsync("/api/v1/models/digits/evaluate", new { dataset = "mnist@x" }, HttpStatusCode.BadRequest)).ShouldBe(ErrorCodes.InvalidRequest);
        await File.WriteAllTextAsync(host.PolicyPath, "policy: promotion/1\nrules:\n  - { metric: a, mim: 1 }", Cancel);
        await host.AppendAsync("model-digits", 1, Given.Evaluating(), Given.Evaluated(0.9));
        var broken = await host.PostAsync("/api/v1/models/digits/promote", null, HttpStatusCode.ServiceUnavailable);
        broken.GetProperty("error").GetProperty("message").GetString()!.ShouldContain("line 3: unknown key 'mim'");
    }

    [Fact]
    public async Task Keeps_the_reported_metrics_when_the_platform_cannot_execute_the_model()
    {
        await using var host = await ModelsHost.StartAsync();
        var staging = Directory.CreateTempSubdirectory("eventml-staging-").FullName;
        await File.WriteAllTextAsync(Path.Combine(staging, "model.pkl"), "opaque", Cancel);
        var artifact = await host.Lake.CommitAsync(LakeKind.Model, "digits", staging, new LakeTransaction("train-1", "create", null), Cancel);
        await host.SendAsync(Given.Register(artifact: artifact.Version, metrics: """{"accuracy":0.9,"note":"x"}"""));
        var accepted = await host.PostAsync("/api/v1/models/digits/evaluate", null, HttpStatusCode.Accepted);
        accepted.GetProperty("version").GetInt64().ShouldBe(1);
        var model = await host.UntilAsync("/api/v1/models/digits", m => m.GetProperty("versions")[0].TryGetProperty("evaluation", out _));
        var evaluation = model.GetProperty("versions")[0].GetProperty("evaluation");
        evaluation.GetProperty("source").GetString().ShouldBe("reported");
        evaluation.GetProperty("metrics").GetProperty("accuracy").GetDouble().ShouldBe(0.9);
        Directory.Delete(staging, recursive: true);
    }

    [Fact]
    public async Task Says_why_when_an_evaluation_fails()
    {
        await using var host = await ModelsHost.StartAsync();
        await host.SendAsync(Given.Register(artifact: 5));
        await host.PostAsync("/api/v1/models/digits/evaluate", null, HttpStatusCode.Accepted);
        var model = await host.UntilAsync("/api/v1/models/digits", m => m.GetProperty("versions")[0].TryGetProperty("evaluation_error", out _));
        model.GetProperty("versions")[0].GetProperty("evaluation_error").GetString()!.ShouldContain("not in the lake any more");
    }

    [Fact]
    public async Task Promotes_refuses_replays_and_refolds_over_a_whole_life()
    {
        await using var host = await ModelsHost.StartAsync();
        await host.SendAsync(Given.Register());
        await host.AppendAsync("model-digits", 1, Given.Evaluating(), Given.Evaluated(0.9));
        var promoted = await host.PostAsync("/api/v1/models/digits/promote");
        promoted.GetProperty("allowed").GetBoolean().ShouldBeTrue();
        promoted.GetProperty("rules").GetArrayLength().ShouldBe(2);
        var again = await host.PostAsync("/api/v1/models/digits/promote", new { version = 1 });
        again.GetProperty("decision_id").GetString().ShouldBe(promoted.GetProperty("decision_id").GetString());

        await host.SendAsync(Given.Register("train-2", 2));
        await host.AppendAsync("model-digits", 5, Given.Evaluating(2, "eval-2"), Given.Evaluated(0.1, 2, "eval-2"));
        var refused = await host.PostAsync("/api/v1/models/digits/promote", new { version = 2 });
        refused.GetProperty("allowed").GetBoolean().ShouldBeFalse();

        var model = await host.GetAsync("/api/v1/models/digits");
        model.GetProperty("champion").GetInt64().ShouldBe(1);
        model.GetProperty("versions")[1].GetProperty("refused_reason").GetString()!.ShouldStartWith("accuracy is 0.1, below");
        var refold = await host.GetAsync("/api/v1/models/digits/refold");
        refold.GetProperty("identical").GetBoolean().ShouldBeTrue(refold.ToString());
        refold.GetProperty("version").GetInt64().ShouldBe(8);
        var decisions = (await host.GetAsync("/api/v1/models/digits/decisions")).EnumerateArray().ToArray();
        decisions.Select(d => (d.GetProperty("decision_id").GetString(), d.GetProperty("version").GetInt64(), d.GetProperty("allowed").GetBoolean())).ShouldBe(
            [(promoted.GetProperty("decision_id").GetString(), 1, true), (refused.GetProperty("decision_id").GetString(), 2, false)]);
        decisions[1].GetProperty("rules")[0].GetProperty("reason").GetString()!.ShouldStartWith("accuracy is 0.1, below");
        decisions[1].GetProperty("policy_sha256").GetString().ShouldBe(Gate.Sha256(Given.Policy));
        decisions[1].GetProperty("decided_at").GetDateTimeOffset().ShouldBeGreaterThan(decisions[0].GetProperty("decided_at").GetDateTimeOffset());
        foreach (var decision in new[] { promoted, refused })
        {
            var replay = await host.GetAsync($"/api/v1/audit/decisions/{decision.GetProperty("decision_id").GetString()}/replay");
            replay.GetProperty("identical").GetBoolean().ShouldBeTrue();
            replay.GetProperty("replayed").GetString().ShouldBe(replay.GetProperty("recorded").GetString());
        }
    }

    [Fact]
    public async Task Lists_a_models_own_decisions_page_by_page_even_when_it_is_deleted()
    {
        await using var host = await ModelsHost.StartAsync();
        await host.SendAsync(Given.Register());
        await host.AppendAsync("model-digits", 1, Given.Evaluating(), Given.Evaluated(0.1));
        for (var i = 0; i < 3; i++)
        {
            await host.PostAsync("/api/v1/models/digits/promote");
        }

        await host.SendAsync(Given.Register("train-2", 2) with { Model = "letters" });
        await host.SendAsync(new DeleteModel { Model = "digits" });

        var all = (await host.GetAsync("/api/v1/models/digits/decisions")).EnumerateArray().Select(d => d.GetProperty("decision_id").GetString()).ToArray();
        all.Distinct(StringComparer.Ordinal).Count().ShouldBe(3);
        using var first = await host.Client.GetAsync(new Uri("/api/v1/models/digits/decisions?limit=2", UriKind.Relative), Cancel);
        var token = first.Headers.GetValues("X-Next-Page-Token").Single();
        var rest = await host.GetAsync($"/api/v1/models/digits/decisions?limit=2&page_token={token}");
        rest.EnumerateArray().ShouldHaveSingleItem().GetProperty("decision_id").GetString().ShouldBe(all[2]);
        (await host.GetAsync("/api/v1/models/letters/decisions")).GetArrayLength().ShouldBe(0);
        ModelsHost.Code(await host.GetAsync("/api/v1/models/digits/decisions?page_token=dec-none", HttpStatusCode.BadRequest)).ShouldBe(ErrorCodes.InvalidRequest);
        ModelsHost.Code(await host.GetAsync("/api/v1/models/none/decisions", HttpStatusCode.NotFound)).ShouldBe(ErrorCodes.ModelNotFound);
    }

    [Fact]
    public async Task Answers_with_the_same_decision_when_the_idempotency_key_is_the_same()
    {
        await using var host = await ModelsHost.StartAsync();
        await host.SendAsync(Given.Register());
        await host.AppendAsync("model-digits", 1, Given.Evaluating(), Given.Evaluated(0.1));
        var call = ModelsHost.Call with { IdempotencyKey = "once" };
        await host.Door.ExecuteAsync(new PromoteModel { Model = "digits" }, call, Cancel);
        await host.Door.ExecuteAsync(new PromoteModel { Model = "digits" }, call, Cancel);
        (await host.Ledger.ReadStreamAsync("model-digits", 1, Cancel)).Count(e => e.Data is PromotionRefused).ShouldBe(1);
    }
}
