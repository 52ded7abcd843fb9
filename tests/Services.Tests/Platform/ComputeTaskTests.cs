using System.Net;

namespace EventMl.Services.Tests.Platform;

/// <summary>The Data Platform's own resource: a user's script over an input, in the words of its walk-through.</summary>
[Collection(PlatformTests.Name)]
public sealed class ComputeTaskTests(PlatformFixture platform)
{
    private const string Tasks = "/api/v1/tasks";
    private const string Ingest = "/api/v1/ingestion-tasks";

    private RestClient Rest => platform.Rest;

    [Fact]
    public async Task Makes_the_dataset_that_the_output_path_names()
    {
        var dataset = PlatformFixture.Unique("cleaned");

        var created = await Rest.PostAsync(Tasks, new
        {
            script = "pipelines/mnist_clean.py", input = platform.Images, output = $"lance_storage/datasets/{dataset}.lance", @params = new { normalize = true, flatten = true },
        });

        created.ShouldBe(HttpStatusCode.Created);
        created.Json.Text("id")!.ShouldMatch("^task-[0-9a-f]{32}$");
        created.Json.Text("status").ShouldBeOneOf("pending", "running");
        created.Json.Time("created_at");
        created.Headers["Location"].ShouldBe($"{Tasks}/{created.Json.Text("id")}");
        var task = (await Rest.UntilEndedAsync(created.Headers["Location"])).ShouldBeCompleted();
        task.Time("completed_at").ShouldBeGreaterThanOrEqualTo(task.Time("created_at"));
        task.GetProperty("result").Number("total_records").ShouldBe(800);
        task.Text("name").ShouldBe(dataset);
        task.Text("output").ShouldBe(dataset);
        (await Rest.GetAsync($"/api/v1/datasets/{dataset}")).Json.Number("num_rows").ShouldBe(800);
        (await platform.EventsAsync($"ingestion_task-{task.Text("id")}")).ShouldBe(["IngestionRequested", "IngestionStarted", "IngestionCompleted"]);
    }

    [Fact]
    public async Task Shows_its_own_tasks_only_and_ends_one_when_asked_to()
    {
        var name = PlatformFixture.Unique("computing");
        var ingestion = await Rest.PostAsync(Ingest, Request(name + "_i"));
        var task = await Rest.PostAsync(Tasks, Request(name));
        var path = task.Headers["Location"];
        await Rest.UntilAsync(path, t => t.Text("status") == "running" && t.Names().Contains("progress"));
        (await Rest.PostAsync(Tasks, Request(name))).ShouldBeError(409, "TASK_ALREADY_RUNNING");

        var listed = (await Rest.GetAsync($"{Tasks}?limit=1000")).Json.EnumerateArray().Select(t => t.Text("id")!).ToArray();
        listed.ShouldContain(task.Json.Text("id")!);
        listed.ShouldAllBe(id => id.StartsWith("task-"));
        var other = $"{Tasks}/{ingestion.Json.Text("id")}";
        (await Rest.GetAsync(other)).ShouldBeError(404, "TASK_NOT_FOUND");
        (await Rest.GetAsync($"{other}/logs")).ShouldBeError(404, "TASK_NOT_FOUND");
        (await Rest.PostAsync($"{other}/cancel")).ShouldBeError(404, "TASK_NOT_FOUND");

        var cancelled = await Rest.PostAsync($"{path}/cancel");
        cancelled.ShouldBe(HttpStatusCode.OK);
        cancelled.Json.Text("id").ShouldBe(task.Json.Text("id"));
        (await Rest.UntilEndedAsync(path)).ShouldHaveFailed("TASK_CANCELLED");
        (await Rest.GetAsync($"{path}/logs")).Body.ShouldContain("fault: hang");
        (await Rest.PostAsync($"{path}/cancel")).ShouldBeError(409, "TASK_NOT_RUNNING");
        await Rest.PostAsync($"{ingestion.Headers["Location"]}/cancel");
        await Rest.UntilEndedAsync(ingestion.Headers["Location"]);
    }

    [Fact]
    public async Task Makes_one_task_for_a_key_and_another_for_the_same_key_of_an_ingestion()
    {
        var name = PlatformFixture.Unique("keyed");
        var key = ("Idempotency-Key", name);

        var first = await Rest.PostAsync(Tasks, Request(name), key);
        var again = await Rest.PostAsync(Tasks, Request(name), key);
        var ingestion = await Rest.PostAsync(Ingest, Request(name + "_i"), key);

        again.Json.Text("id").ShouldBe(first.Json.Text("id"));
        foreach (var path in new[] { first.Headers["Location"], ingestion.Headers["Location"] })
        {
            // The saga of each has begun, so neither was taken for the other.
            await Rest.UntilStatusAsync(path, "running");
            await Rest.PostAsync($"{path}/cancel");
            (await Rest.UntilEndedAsync(path)).ShouldHaveFailed("TASK_CANCELLED");
        }
    }

    private object Request(string name) => new { name, script = "faulty/faulty.py", input = platform.Images, output = name, @params = new { fault = "hang" } };
}
