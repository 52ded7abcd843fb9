using System.Text;
using EventMl.Jobs;
using EventMl.Jobs.Scripts;

namespace EventMl.Foundation.Tests.Jobs;

public sealed class ScriptLogTests
{
    [Fact]
    public async Task Keeps_the_head_and_the_tail_of_a_log_when_a_script_floods_it()
    {
        using var scenario = new ScriptScenario();
        var script = scenario.Write("flood.sh", """
            #!/bin/bash
            for i in $(seq 1 40000); do echo "line $i"; done
            echo '::eventml {"type":"result"}'
            """, executable: true);
        var folders = new TaskFolders(scenario.State);
        var work = Path.Combine(scenario.State, "work", scenario.TaskId);

        var outcome = await scenario.RunAsync(new ScriptCommand { FileName = script, Request = scenario.Request() with { WorkPath = work } });

        outcome.ShouldBeOfType<ScriptCompleted>();
        outcome.LogTail.ShouldEndWith("line 40000\n");
        new DirectoryInfo(Path.Combine(work, "logs")).GetFiles().Sum(f => f.Length).ShouldBeInRange(48 * 1024, 64 * 1024);
        using var read = new MemoryStream();
        await new LogReader(folders, scenario.TaskId).CopyNewAsync(read);
        var lines = Encoding.UTF8.GetString(read.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines[0].ShouldBe("line 1");
        lines[^1].ShouldBe("line 40000");
        var gap = Array.FindIndex(lines, l => l.StartsWith('['));
        lines[..gap].ShouldBe(Enumerable.Range(1, gap).Select(i => $"line {i}"));
        lines[(gap + 1)..].ShouldBe(Enumerable.Range(40_001 - (lines.Length - gap - 1), lines.Length - gap - 1).Select(i => $"line {i}"));
        // All that was ever written is either there or counted as left out.
        var all = Enumerable.Range(1, 40_000).Sum(i => $"line {i}\n".Length);
        lines[gap].ShouldBe($"[… {all - lines[..gap].Sum(l => l.Length + 1) - lines[(gap + 1)..].Sum(l => l.Length + 1)} bytes left out …]");
    }

    [Fact]
    public async Task Gives_each_byte_once_when_the_log_is_read_while_it_grows()
    {
        using var scenario = new ScriptScenario();
        var work = Directory.CreateDirectory(Path.Combine(scenario.State, "work", "t1", "logs")).FullName;
        var reader = new LogReader(new TaskFolders(scenario.State), "t1");
        using var log = new LogFile(Path.Combine(work, "1.log"), 4096);
        using var read = new MemoryStream();
        var expected = new StringBuilder();

        // Followed closely, nothing is missing although most segments are gone in the end.
        for (var i = 0; i < 400; i++)
        {
            log.Write($"line {i} é");
            expected.Append($"line {i} é\n");
            log.Flush();
            await reader.CopyNewAsync(read);
        }

        Encoding.UTF8.GetString(read.ToArray()).ShouldBe(expected.ToString());
        Directory.GetFiles(work).Length.ShouldBe(3);
    }

    [Theory]
    [InlineData("yes 'a line of ordinary length, as programs print them when they print too much'", 100)]
    [InlineData("cat /dev/zero", 100)]
    [InlineData("tr '\\0' '\\377' < /dev/zero", 50)]
    [InlineData("yes", 20)]
    public async Task Holds_a_flood_in_bounded_memory(string command, int megabytes) => await FloodAsync(command, megabytes);

    [Fact]
    [Trait("Category", "Deep")]
    public async Task Holds_a_gigabyte_in_bounded_memory() => await FloodAsync("yes 'a line of ordinary length, as programs print them when they print too much'", 1000);

    private static async Task FloodAsync(string command, int megabytes)
    {
        using var scenario = new ScriptScenario();
        var script = scenario.Write("flood.sh", $$"""
            #!/bin/bash
            {{command}} | head -c {{megabytes}}000000
            echo
            echo '::eventml {"type":"result"}'
            """, executable: true);
        GC.Collect();
        var before = Environment.WorkingSet;

        var outcome = await scenario.RunAsync(new ScriptCommand { FileName = script, Request = scenario.Request() });

        outcome.ShouldBeOfType<ScriptCompleted>(outcome.LogTail);
        (Environment.WorkingSet - before).ShouldBeLessThan(150_000_000);
        new DirectoryInfo(Path.Combine(scenario.State, "work", "logs")).GetFiles().Sum(f => f.Length).ShouldBeLessThanOrEqualTo(64 * 1024);
    }
}
