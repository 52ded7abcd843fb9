using System.Net;
using System.Text.Json;
using EventMl.Lake;

namespace EventMl.Services.Tests.Platform;

/// <summary>Bad data and bad scripts: the task ends as failed with the reason and the end of its log, and leaves nothing half made.</summary>
[Collection(PlatformTests.Name)]
public sealed class FailureTests(PlatformFixture platform)
{
    private RestClient Rest => platform.Rest;

    [Theory]
    [InlineData("truncated gzip", "idx")]
    [InlineData("truncated gzip", "pipelines/mnist_clean.py")]
    [InlineData("fewer labels than images", "idx")]
    [InlineData("fewer labels than images", "pipelines/mnist_clean.py")]
    [InlineData("no gzip at all", "idx")]
    [InlineData("empty folder", "idx")]
    public async Task Makes_no_dataset_when_the_input_is_damaged(string damage, string reader)
    {
        var output = PlatformFixture.Unique("damaged");
        var request = new { name = output, input = Damaged(damage, output), script = reader == "idx" ? null : reader, source = reader == "idx" ? "idx" : null, output };

        var task = await Rest.RunAsync("/api/v1/ingestion-tasks", request);

        task.ShouldHaveFailed("SCRIPT_FAILED").Length.ShouldBeGreaterThan(10);
        task.Time("completed_at");
        await ShouldHaveNoDatasetAsync(output);
    }

    [Theory]
    [InlineData("throw", "SCRIPT_FAILED", "ValueError: the data is upside down", "fault: throw")]
    [InlineData("segfault", "SCRIPT_CRASHED", "SIGSEGV", "fault: segfault")]
    [InlineData("exit", "SCRIPT_FAILED", "3", "fault: exit")]
    [InlineData("nan", "SCRIPT_FAILED", "NaN", "fault: nan")]
    [InlineData("bare_nan", "SCRIPT_FAILED", "NaN", "fault: bare_nan")]
    [InlineData("garbage", "SCRIPT_FAILED", "The script's output is not a dataset", "lone")]
    [InlineData("list", "SCRIPT_FAILED", "", "fault: list")]
    public async Task Makes_no_dataset_when_a_Python_script_misbehaves(string fault, string code, string reason, string log)
    {
        var output = PlatformFixture.Unique("faulty");
        var request = new { name = output, input = platform.Images, script = "faulty/faulty.py", @params = new { fault }, output };

        var task = await Rest.RunAsync("/api/v1/ingestion-tasks", request);

        task.ShouldHaveFailed(code).ShouldContain(reason);
        task.Text("log_tail")!.ShouldContain(log);
        task.Text("log_tail")!.ShouldNotContain("\0");
        (await Rest.GetAsync($"/api/v1/ingestion-tasks/{task.Text("id")}/logs")).Body.ShouldContain($"fault: {fault}");
        await ShouldHaveNoDatasetAsync(output);
        (await Rest.GetAsync("/health/ready")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Ends_a_hanging_script_when_its_time_is_over()
    {
        var output = PlatformFixture.Unique("hanging");

        var task = await Rest.RunAsync("/api/v1/ingestion-tasks", new
        {
            name = output, input = platform.Images, script = "faulty/faulty.py", @params = new { fault = "hang" }, output, timeout_seconds = 2,
        });

        // The runner and the saga watch the same limit; either may be first.
        task.ShouldHaveFailed("TASK_TIMED_OUT").ShouldMatch("within 2 seconds|time limit");
        task.Text("log_tail")!.ShouldContain("fault: hang");
        await ShouldHaveNoDatasetAsync(output);
    }

    [Theory]
    [InlineData("throw", "SCRIPT_FAILED", "InvalidDataException: the data is upside down")]
    [InlineData("segfault", "SCRIPT_CRASHED", "SIGSEGV")]
    [InlineData("nan", "SCRIPT_FAILED", "NaN")]
    [InlineData("parameter", "SCRIPT_FAILED", "'epochs'")]
    public async Task Makes_no_model_when_a_CSharp_script_misbehaves(string fault, string code, string reason)
    {
        var output = PlatformFixture.Unique("faulty");
        var request = new { name = output, input = await platform.DigitsAsync(), script = "faulty/faulty.cs", @params = new { fault }, output };

        var task = await Rest.RunAsync("/api/v1/training-tasks", request);

        task.ShouldHaveFailed(code).ShouldContain(reason);
        task.Text("log_tail")!.ShouldContain($"fault: {fault}");
        await ShouldHaveNoModelAsync(output);
        (await platform.EventsAsync($"training_task-{task.Text("id")}")).ShouldBe(["TrainingRequested", "TrainingStarted", "TrainingFailed"]);
        (await platform.EventsAsync($"training_progress-{task.Text("id")}")).Length.ShouldBe(fault == "nan" ? 1 : 0);
    }

    [Fact]
    public async Task Gives_the_compilers_words_when_a_CSharp_script_does_not_compile()
    {
        var output = PlatformFixture.Unique("wrong");
        await File.WriteAllTextAsync(Path.Combine(platform.Folder, "scripts", "wrong.cs"), "int x = \"text\";\n", TestContext.Current.CancellationToken);

        var task = await Rest.RunAsync("/api/v1/training-tasks", new { name = output, input = await platform.DigitsAsync(), script = "wrong.cs", output });

        task.ShouldHaveFailed("SCRIPT_FAILED").ShouldContain("error CS0029");
        await ShouldHaveNoModelAsync(output);
    }

    [Fact]
    public async Task Makes_no_model_when_the_dataset_does_not_fit_the_declared_model()
    {
        var output = PlatformFixture.Unique("misfit");
        var model = JsonSerializer.Deserialize<JsonElement>("""
            {"format":"eventml.model/1","layers":[{"type":"flatten"},{"type":"linear","in_features":16,"out_features":10}],
             "input":{"name":"image","shape":[1,4,4],"dtype":"uint8","scale":1,"mean":[0],"std":[1]},"output":{"kind":"classification","classes":10,"labels":[]}}
            """);

        var task = await Rest.RunAsync("/api/v1/training-tasks", new { name = output, input = await platform.DigitsAsync(), model, output });

        task.ShouldHaveFailed("SCRIPT_FAILED").ShouldContain("the model takes 16");
        await ShouldHaveNoModelAsync(output);
    }

    private string Damaged(string damage, string name)
    {
        var folder = platform.NewFolder("inputs", name);
        if (damage == "empty folder")
        {
            return folder;
        }

        IdxFolder.Write(folder);
        var images = Path.Combine(folder, "t10k-images-idx3-ubyte.gz");
        switch (damage)
        {
            case "truncated gzip":
                File.WriteAllBytes(images, File.ReadAllBytes(images)[..5000]);
                break;
            case "fewer labels than images":
                IdxFolder.WriteLabels(folder, "t10k", new byte[IdxFolder.TestRows - 1]);
                break;
            case "no gzip at all":
                File.WriteAllText(images, "these are not the images you are looking for");
                break;
        }

        return folder;
    }

    private async Task ShouldHaveNoDatasetAsync(string name)
    {
        (await Rest.GetAsync($"/api/v1/datasets/{name}")).ShouldBeError(404, "DATASET_NOT_FOUND");
        (await platform.Lake.ListVersionsAsync(LakeKind.Dataset, name, TestContext.Current.CancellationToken)).ShouldBeEmpty();
    }

    private async Task ShouldHaveNoModelAsync(string name)
    {
        (await Rest.GetAsync($"/api/v1/models/{name}")).ShouldBeError(404, "MODEL_NOT_FOUND");
        (await platform.Lake.ListVersionsAsync(LakeKind.Model, name, TestContext.Current.CancellationToken)).ShouldBeEmpty();
    }
}
