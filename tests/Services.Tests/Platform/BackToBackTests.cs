using System.Net;

namespace EventMl.Services.Tests.Platform;

/// <summary>A training asked for the moment its dataset is reported complete finds it.</summary>
[Collection(PlatformTests.Name)]
public sealed class BackToBackTests(PlatformFixture platform)
{
    // The smallest script that makes a dataset: the platform's own part is what is tested.
    private const string Copy = """
        import os
        from eventml import arrow

        def run(input_path, output_path, params, job):
            with arrow.Writer(os.path.join(output_path, "part-00000.arrow"), [arrow.Field("label", "int64")]) as writer:
                writer.write({"label": [1, 2, 3]})
            return {"total_records": 3}
        """;

    [Fact]
    public Task Finds_the_dataset_20_times_when_training_follows_at_once() => RepeatAsync(20);

    [Fact, Trait("Category", "Deep")]
    public Task Finds_the_dataset_200_times_when_training_follows_at_once() => RepeatAsync(200);

    private async Task RepeatAsync(int times)
    {
        await File.WriteAllTextAsync(Path.Combine(platform.Folder, "scripts", "copy.py"), Copy, TestContext.Current.CancellationToken);
        var trainings = new List<string>();
        for (var i = 0; i < times; i++)
        {
            var name = PlatformFixture.Unique("next");
            (await platform.Rest.RunAsync("/api/v1/ingestion-tasks", new { name, input = platform.Images, script = "copy.py", output = name })).ShouldBeCompleted();

            var training = await platform.Rest.PostAsync("/api/v1/training-tasks", new { name, input = name, script = "faulty/faulty.py", output = name });

            training.ShouldBe(HttpStatusCode.Created);
            trainings.Add(training.Headers["Location"]);
        }

        foreach (var training in trainings)
        {
            (await platform.Rest.UntilEndedAsync(training)).ShouldBeCompleted();
        }
    }
}
