using System.Net;

namespace EventMl.Services.Tests.Platform;

/// <summary>A cancelled task ends as failed with TASK_CANCELLED and gives its name back.</summary>
[Collection(PlatformTests.Name)]
public sealed class CancelTests(PlatformFixture platform)
{
    private const string Ingest = "/api/v1/ingestion-tasks";
    private const string Train = "/api/v1/training-tasks";

    private RestClient Rest => platform.Rest;

    [Fact]
    public async Task Ends_running_tasks_of_both_kinds_and_frees_their_names()
    {
        foreach (var (path, input) in new[] { (Ingest, platform.Images), (Train, await platform.DigitsAsync()) })
        {
            var name = PlatformFixture.Unique("running");
            var task = await StartAsync(path, name, input, "hang");
            await Rest.UntilAsync(task, t => t.Text("status") == "running" && t.Names().Contains("progress"));

            var cancelled = await Rest.PostAsync($"{task}/cancel");
            cancelled.ShouldBe(HttpStatusCode.OK);
            cancelled.Json.Text("id").ShouldBe(task[(task.LastIndexOf('/') + 1)..]);
            var ended = await Rest.UntilEndedAsync(task);

            ended.ShouldHaveFailed("TASK_CANCELLED");
            ended.Text("log_tail")!.ShouldContain("fault: hang");
            await ShouldBeFreeAsync(path, name, input);
        }
    }

    [Fact]
    public async Task Hears_a_polite_script_out_when_it_is_cancelled()
    {
        var task = await StartAsync(Ingest, PlatformFixture.Unique("polite"), platform.Images, "polite");
        await Rest.UntilAsync(task, t => t.Names().Contains("progress"));

        await Rest.PostAsync($"{task}/cancel");

        (await Rest.UntilEndedAsync(task)).ShouldHaveFailed("TASK_CANCELLED");
    }

    [Fact]
    public async Task Ends_a_pending_task_at_once_and_frees_its_name()
    {
        // Both places of the runner are taken, so that the third task has to wait.
        var blockers = new List<string>();
        for (var i = 0; i < 2; i++)
        {
            blockers.Add(await StartAsync(Ingest, PlatformFixture.Unique("blocker"), platform.Images, "hang"));
            await Rest.UntilStatusAsync(blockers[i], "running");
        }

        var name = PlatformFixture.Unique("pending");
        var task = await StartAsync(Ingest, name, platform.Images, "none");
        await Eventually.TrueAsync(
            async () => await platform.Database.ScalarAsync<long>($"select count(*) from datasets.job where id = '{task[(task.LastIndexOf('/') + 1)..]}'") == 1, "the job is queued");

        var cancelled = await Rest.PostAsync($"{task}/cancel");

        cancelled.ShouldBe(HttpStatusCode.OK);
        cancelled.Json.ShouldHaveFailed("TASK_CANCELLED");
        (await platform.EventsAsync($"ingestion_task-{task[(task.LastIndexOf('/') + 1)..]}")).ShouldBe(["IngestionRequested", "IngestionCancelRequested", "IngestionFailed"]);
        await ShouldBeFreeAsync(Ingest, name, platform.Images);
        foreach (var blocker in blockers)
        {
            await Rest.PostAsync($"{blocker}/cancel");
            (await Rest.UntilEndedAsync(blocker)).ShouldHaveFailed("TASK_CANCELLED");
        }
    }

    private async Task<string> StartAsync(string path, string name, string input, string fault)
    {
        var created = await Rest.PostAsync(path, new { name, input, script = "faulty/faulty.py", @params = new { fault }, output = name });
        created.ShouldBe(HttpStatusCode.Created);
        return created.Headers["Location"];
    }

    private async Task ShouldBeFreeAsync(string path, string name, string input)
    {
        var again = await StartAsync(path, name, input, "hang");
        await Rest.PostAsync($"{again}/cancel");
        (await Rest.UntilEndedAsync(again)).ShouldHaveFailed("TASK_CANCELLED");
    }
}
