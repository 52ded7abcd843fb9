using System.Net;
using EventMl.Bus;

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
            cancelled.Json.Text("id").ShouldBe(Id(task));
            var ended = await Rest.UntilEndedAsync(task);

            ended.ShouldHaveFailed("TASK_CANCELLED");
            ended.Text("log_tail")!.ShouldContain("fault: hang");
            await ShouldBeFreeAsync(path, name, input);
        }
    }

    [Fact]
    public async Task Ends_in_its_first_attempt_when_the_cancellation_meets_its_preparation()
    {
        var digits = await platform.DigitsAsync();
        var blockers = await BlockAsync(Train, digits);
        var task = await StartAsync(Train, PlatformFixture.Unique("early"), digits, "hang");
        // As when somebody cancels it between claim and script: its first heartbeat brings the news.
        await Eventually.TrueAsync(
            async () => await platform.Database.ExecuteAsync($"update training.job set cancel_code = 'TASK_CANCELLED' where id = '{Id(task)}' and state = 'queued'") == 1, "the job is queued");

        await ReleaseAsync(blockers);

        var ended = await Rest.UntilEndedAsync(task);
        ended.ShouldHaveFailed("TASK_CANCELLED");
        ended.Number("attempt").ShouldBe(1);
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
        var blockers = await BlockAsync(Ingest, platform.Images);
        var name = PlatformFixture.Unique("pending");
        var task = await StartAsync(Ingest, name, platform.Images, "none");
        await Eventually.TrueAsync(
            async () => await platform.Database.ScalarAsync<long>($"select count(*) from datasets.job where id = '{Id(task)}'") == 1, "the job is queued");

        var cancelled = await Rest.PostAsync($"{task}/cancel");

        cancelled.ShouldBe(HttpStatusCode.OK);
        cancelled.Json.ShouldHaveFailed("TASK_CANCELLED");
        (await platform.EventsAsync($"ingestion_task-{Id(task)}")).ShouldBe(["IngestionRequested", "IngestionCancelRequested", "IngestionFailed"]);
        await ShouldBeFreeAsync(Ingest, name, platform.Images);
        await ReleaseAsync(blockers);
    }

    [Fact]
    public async Task Ends_a_pending_task_when_its_time_is_over()
    {
        var blockers = await BlockAsync(Ingest, platform.Images);
        var name = PlatformFixture.Unique("late");
        var created = await Rest.PostAsync(Ingest, new { name, input = platform.Images, source = "idx", output = name, timeout_seconds = 1 });

        var ended = await Rest.UntilEndedAsync(created.Headers["Location"]);

        ended.ShouldHaveFailed("TASK_TIMED_OUT").ShouldContain("timeout_seconds");
        ended.Number("attempt").ShouldBe(0);
        var stored = await platform.Ledger.ReadStreamAsync($"ingestion_task-{ended.Text("id")}", 1, TestContext.Current.CancellationToken);
        stored[^1].Header("actor").ShouldBe("saga:ingestion");
        await Eventually.TrueAsync(
            async () => await platform.Database.ScalarAsync<string>($"select state from sagas.saga where id = '{SagaId.From(ended.Text("id")!)}'") == "Abandoned", "the saga is abandoned");
        await ReleaseAsync(blockers);
    }

    // Both places of the runner are taken, so that the next task has to wait.
    private async Task<string[]> BlockAsync(string path, string input)
    {
        var blockers = new string[2];
        for (var i = 0; i < blockers.Length; i++)
        {
            blockers[i] = await StartAsync(path, PlatformFixture.Unique("blocker"), input, "hang");
            await Rest.UntilStatusAsync(blockers[i], "running");
        }

        return blockers;
    }

    private async Task ReleaseAsync(string[] blockers)
    {
        foreach (var blocker in blockers)
        {
            await Rest.PostAsync($"{blocker}/cancel");
            (await Rest.UntilEndedAsync(blocker)).ShouldHaveFailed("TASK_CANCELLED");
        }
    }

    private static string Id(string path) => path[(path.LastIndexOf('/') + 1)..];

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
