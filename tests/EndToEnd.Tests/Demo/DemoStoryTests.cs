using EventMl.EndToEnd.Tests.Hosting;

namespace EventMl.EndToEnd.Tests.Demo;

/// <summary>The demo's story holds, and each of its checks goes red when its step is broken.</summary>
public sealed class DemoStoryTests
{
    [Fact]
    public async Task The_story_holds_when_nothing_is_broken()
    {
        await using var platform = await Platform.CreateAsync();
        var host = await platform.StartAsync();
        using var user = new Rest(host);

        await new DemoStory(platform, user, "story", Environment.GetEnvironmentVariable(DemoStory.BreakVariable)).RunAsync();
    }

    [Fact]
    [Trait("Category", "Deep")]
    public async Task Every_check_goes_red_when_its_step_is_broken()
    {
        await using var platform = await Platform.CreateAsync();
        var host = await platform.StartAsync();
        using var user = new Rest(host);

        foreach (var step in DemoStory.Steps)
        {
            var story = new DemoStory(platform, user, $"broken-{step}", step);

            (await Should.ThrowAsync<DemoStepException>(story.RunAsync(), $"step '{step}' passed with a wrong input")).Step.ShouldBe(step);
        }
    }
}
