using System.Text.Json;
using EventMl.Contracts;
using EventMl.Jobs.Scripts;

namespace EventMl.Foundation.Tests.Jobs;

public sealed class ScriptLimitTests
{
    private const string Greedy = """
        import os, subprocess, time
        def run(input_path, output_path, params, job):
            kind = params["kind"]
            if kind == "memory":
                blocks = []
                while True:
                    blocks.append(bytearray(b"x" * 10_000_000))
            if kind == "memory of two":
                for _ in range(2):
                    if os.fork() == 0:
                        block = bytearray(b"x" * 120_000_000)
                        time.sleep(600)
                time.sleep(600)
            if kind == "shared":
                # Pages that both processes share count once.
                block = bytearray(b"x" * 120_000_000)
                children = [os.fork() for _ in range(1)]
                if 0 in children:
                    time.sleep(1.5)
                    os._exit(0)
                time.sleep(1.5)
                return {"held": len(block)}
            if kind == "processes":
                children = []
                while True:
                    children.append(subprocess.Popen(["sleep", "600"]))
            if kind == "bomb":
                while True:
                    try:
                        os.fork()
                    except OSError:
                        pass
            if kind == "cpu":
                while True:
                    pass
            if kind == "file":
                with open(os.path.join(output_path, "large"), "wb") as file:
                    while True:
                        file.write(bytes(1_000_000))
            if kind == "disk":
                for i in range(10_000):
                    with open(os.path.join(output_path, f"part-{i}"), "wb") as file:
                        file.write(bytes(1_000_000))
                    time.sleep(0.01)
            if kind == "cores":
                return {"cores": len(os.sched_getaffinity(0))}
            return {}
        """;

    [Theory]
    [InlineData("memory", "memory_mb", 200, "MB of memory; its limit is 200", "EVENTML_SCRIPT_MEMORY_MB")]
    [InlineData("memory of two", "memory_mb", 200, "MB of memory; its limit is 200", "EVENTML_SCRIPT_MEMORY_MB")]
    [InlineData("processes", "processes", 20, "processes; its limit is 20", "EVENTML_SCRIPT_PROCESSES")]
    [InlineData("bomb", "processes", 50, "processes; its limit is 50", "EVENTML_SCRIPT_PROCESSES")]
    [InlineData("cpu", "cpu_seconds", 1, "seconds of processor time; its limit is 1", "EVENTML_SCRIPT_CPU_SECONDS")]
    [InlineData("file", "file_mb", 3, "more than 3 MB in one file", "EVENTML_SCRIPT_FILE_MB")]
    [InlineData("disk", "disk_mb", 20, "MB on disk in the task's folders; its limit is 20", "EVENTML_SCRIPT_DISK_MB")]
    public async Task Names_the_limit_that_a_script_passed(string kind, string limit, int value, string message, string setting)
    {
        using var scenario = new ScriptScenario(user: "nobody");
        scenario.Write("greedy.py", Greedy);
        var parameters = new Dictionary<string, object> { ["kind"] = kind, ["limits"] = new Dictionary<string, int> { [limit] = value } };

        var outcome = await scenario.RunAsync(await scenario.CommandAsync("greedy.py", parameters));

        var error = outcome.ShouldBeOfType<ScriptFailure>(outcome.LogTail).Error;
        error.Code.ShouldBe("TASK_LIMIT_EXCEEDED", error.Message);
        error.Message.ShouldContain(message);
        error.Message.ShouldContain($"'params.limits.{limit}'");
        error.Message.ShouldContain(setting);
        scenario.Living().ShouldBeEmpty();
    }

    [Fact]
    public async Task Counts_memory_once_when_processes_share_it()
    {
        using var scenario = new ScriptScenario(limits: new ScriptLimits { MemoryBytes = 220_000_000 });
        scenario.Write("greedy.py", Greedy);

        var outcome = await scenario.RunAsync(await scenario.CommandAsync("greedy.py", new { kind = "shared" }));

        outcome.ShouldBeOfType<ScriptCompleted>(outcome.LogTail).Stats.GetProperty("held").GetInt32().ShouldBe(120_000_000);
    }

    [Fact]
    public async Task Gives_a_script_the_cores_it_may_have()
    {
        using var scenario = new ScriptScenario(limits: new ScriptLimits { Cores = 1 });
        scenario.Write("greedy.py", Greedy);

        var outcome = await scenario.RunAsync(await scenario.CommandAsync("greedy.py", new { kind = "cores" }));

        outcome.ShouldBeOfType<ScriptCompleted>(outcome.LogTail).Stats.GetProperty("cores").GetInt32().ShouldBe(1);
    }

    [Theory]
    [InlineData("""{"limits":{"memory_mb":600}}""", "'params.limits.memory_mb' is 600; this host allows at most 500 (EVENTML_SCRIPT_MEMORY_MB).")]
    [InlineData("""{"limits":{"memory_mb":0}}""", "'params.limits.memory_mb' must be a whole number from 1.")]
    [InlineData("""{"limits":{"memory_mb":"1"}}""", "'params.limits.memory_mb' must be a whole number from 1.")]
    [InlineData("""{"limits":{"memory_mb":1e300}}""", "'params.limits.memory_mb' must be a whole number from 1.")]
    [InlineData("""{"limits":{"memory_mb":9223372036854775807}}""", "'params.limits.memory_mb' must be a whole number from 1.")]
    [InlineData("""{"limits":{"memory":1}}""", "'params.limits' has 'memory', which is no limit; it may have memory_mb, processes, cpu_seconds, cores, file_mb, disk_mb, open_files.")]
    [InlineData("""{"limits":[]}""", "'params.limits' must be an object such as {\"memory_mb\": 2000}; it may have memory_mb, processes, cpu_seconds, cores, file_mb, disk_mb, open_files.")]
    public void Refuses_limits_that_a_task_may_not_have(string parameters, string problem)
    {
        var (limits, found) = new ScriptLimits { MemoryBytes = 500_000_000 }.For(JsonSerializer.Deserialize<JsonElement>(parameters));

        limits.ShouldBeNull();
        found.ShouldBe(problem);
    }

    [Fact]
    public void Lowers_only_the_limits_that_are_named()
    {
        var host = new ScriptLimits { MemoryBytes = 500_000_000, Processes = 10 };

        host.For(JsonSerializer.Deserialize<JsonElement>("""{"limits":{"memory_mb":100,"disk_mb":7},"epochs":3}"""))
            .Limits.ShouldBe(host with { MemoryBytes = 100_000_000, DiskBytes = 7_000_000 });
        host.For(default).Limits.ShouldBe(host);
    }
}
