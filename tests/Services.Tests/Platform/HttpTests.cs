using System.Net;

namespace EventMl.Services.Tests.Platform;

/// <summary>What every resource has in common.</summary>
[Collection(PlatformTests.Name)]
public sealed class HttpTests(PlatformFixture platform)
{
    private const string Ingest = "/api/v1/ingestion-tasks";

    private RestClient Rest => platform.Rest;

    [Fact]
    public async Task Records_the_actor_of_every_event_when_the_header_names_one()
    {
        var path = await HangingAsync(PlatformFixture.Unique("actor"), ("Actor", "ada@lab"));
        await Rest.UntilStatusAsync(path, "running");
        await Rest.PostAsync($"{path}/cancel", null, ("Actor", "grace"));
        await Rest.UntilEndedAsync(path);

        var events = await platform.Ledger.ReadStreamAsync($"ingestion_task-{Id(path)}", 1, TestContext.Current.CancellationToken);

        // The worker speaks for itself; the correlation leads back to who asked.
        var worker = events[1].Header("actor");
        worker!.ShouldStartWith("worker:");
        events.Select(e => (e.Data!.GetType().Name, e.Header("actor"), e.Header("source"))).ShouldBe(
        [
            ("IngestionRequested", "ada@lab", "rest"), ("IngestionStarted", worker, "worker"), ("IngestionCancelRequested", "grace", "rest"), ("IngestionFailed", worker, "worker"),
        ]);
        events.Take(2).Select(e => e.CorrelationId).Distinct().Count().ShouldBe(1);
        (await Rest.PostAsync(Ingest, "{}", ("Actor", "not a name!"))).ShouldBeError(400, "INVALID_REQUEST");
    }

    [Fact]
    public async Task Makes_one_task_when_an_idempotency_key_is_repeated()
    {
        var name = PlatformFixture.Unique("repeated");
        var key = ("Idempotency-Key", name);

        var paths = new[] { await HangingAsync(name, key), await HangingAsync(name, key) };

        paths[1].ShouldBe(paths[0]);
        (await platform.EventsAsync($"ingestion_task-{Id(paths[0])}")).Count(e => e == "IngestionRequested").ShouldBe(1);
        (await Rest.PostAsync(Ingest, Request(name), ("Idempotency-Key", name + "2"))).ShouldBeError(409, "TASK_ALREADY_RUNNING");
        await CancelAsync(paths[0]);
    }

    [Fact]
    public async Task Says_304_when_the_caller_has_the_version()
    {
        await platform.DigitsAsync();
        var first = await Rest.GetAsync("/api/v1/datasets/digits");
        var tag = first.Headers["ETag"];

        var second = await Rest.GetAsync("/api/v1/datasets/digits", ("If-None-Match", tag));

        second.ShouldBe(HttpStatusCode.NotModified);
        second.Body.ShouldBeEmpty();
        (await Rest.GetAsync("/api/v1/datasets/digits", ("If-None-Match", "\"other\""))).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Gives_an_ended_task_a_version_and_a_running_one_none_since_its_progress_moves()
    {
        var path = await HangingAsync(PlatformFixture.Unique("etag"));
        await Rest.UntilStatusAsync(path, "running");

        (await Rest.GetAsync(path)).Headers.Keys.ShouldNotContain("ETag");

        await CancelAsync(path);
        (await Rest.GetAsync(path, ("If-None-Match", (await Rest.GetAsync(path)).Headers["ETag"]))).ShouldBe(HttpStatusCode.NotModified);
    }

    [Fact]
    public async Task Lists_every_task_once_when_read_page_by_page()
    {
        for (var i = 0; i < 3; i++)
        {
            await CancelAsync(await HangingAsync(PlatformFixture.Unique("listed")));
        }

        var seen = new List<string>();
        for (var next = $"{Ingest}?limit=2"; next is not null;)
        {
            var page = await Rest.GetAsync(next);
            page.ShouldBe(HttpStatusCode.OK);
            page.Json.GetArrayLength().ShouldBeInRange(1, 2);
            seen.AddRange(page.Json.EnumerateArray().Select(t => t.Text("id")!));
            next = page.Headers.TryGetValue("X-Next-Page-Token", out var token) ? $"{Ingest}?limit=2&page_token={Uri.EscapeDataString(token)}" : null;
            page.Headers.ContainsKey("Link").ShouldBe(next is not null);
        }

        seen.ShouldBeUnique();
        seen.Count.ShouldBe((int)await platform.Database.ScalarAsync<long>("select count(*) from datasets.ingestion_task_view", TestContext.Current.CancellationToken));
        (await Rest.GetAsync($"{Ingest}?limit=0")).ShouldBeError(400, "INVALID_REQUEST");
        (await Rest.GetAsync($"{Ingest}?page_token=nonsense")).ShouldBeError(400, "INVALID_REQUEST");
    }

    [Fact]
    public async Task Hides_a_dataset_and_makes_the_next_version_when_it_is_deleted_and_ingested_again()
    {
        var name = PlatformFixture.Unique("deleted");
        var request = new { name, input = platform.Images, source = "idx", output = name };
        (await Rest.RunAsync(Ingest, request)).ShouldBeCompleted();

        (await Rest.DeleteAsync($"/api/v1/datasets/{name}")).ShouldBe(HttpStatusCode.NoContent);
        (await Rest.GetAsync($"/api/v1/datasets/{name}")).ShouldBeError(404, "DATASET_NOT_FOUND");
        (await Rest.GetAsync("/api/v1/datasets?limit=1000")).Json.EnumerateArray().Select(d => d.Text("id")).ShouldNotContain(name);
        (await Rest.PostAsync("/api/v1/training-tasks", new { name, input = name, script = "faulty/faulty.py", output = name })).ShouldBeError(404, "DATASET_NOT_FOUND");

        (await Rest.RunAsync(Ingest, request)).ShouldBeCompleted().Number("version").ShouldBe(2);
        (await Rest.GetAsync($"/api/v1/datasets/{name}")).Json.Number("version").ShouldBe(2);
    }

    [Fact]
    public async Task Tells_its_health_and_metrics()
    {
        (await Rest.GetAsync("/health/live")).ShouldBe(HttpStatusCode.OK);
        (await Rest.GetAsync("/health/ready")).Json.Text("status").ShouldBe("healthy");
        var metrics = await Rest.GetAsync("/metrics");
        metrics.ShouldBe(HttpStatusCode.OK);
        metrics.Headers["Content-Type"].ShouldStartWith("text/plain");
        metrics.Body.ShouldContain("# TYPE eventml_");
        metrics.Body.ShouldContain("http_server_request_duration");
    }

    [Fact]
    public async Task Answers_in_the_error_shape_when_an_address_or_method_does_not_exist()
    {
        (await Rest.GetAsync("/api/v1/nothing")).ShouldBeError(404, "NOT_FOUND");
        (await Rest.SendAsync(HttpMethod.Put, Ingest, "{}")).ShouldBeError(405, "METHOD_NOT_ALLOWED");
    }

    private object Request(string name) => new { name, input = platform.Images, script = "faulty/faulty.py", @params = new { fault = "hang" }, output = name };

    private async Task<string> HangingAsync(string name, params (string Name, string Value)[] headers)
    {
        var created = await Rest.PostAsync(Ingest, Request(name), headers);
        created.ShouldBe(HttpStatusCode.Created);
        return created.Headers["Location"];
    }

    private async Task CancelAsync(string path)
    {
        await Rest.PostAsync($"{path}/cancel");
        (await Rest.UntilEndedAsync(path)).ShouldHaveFailed("TASK_CANCELLED");
    }

    private static string Id(string path) => path[(path.LastIndexOf('/') + 1)..];
}
