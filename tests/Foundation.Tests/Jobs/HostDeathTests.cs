using System.Diagnostics;

namespace EventMl.Foundation.Tests.Jobs;

public sealed class HostDeathTests
{
    [Fact]
    public async Task Ends_the_child_when_the_host_gets_kill_9()
    {
        using var scenario = new ScriptScenario();
        var info = new ProcessStartInfo(Environment.ProcessPath!) { UseShellExecute = false, RedirectStandardOutput = true };
        if (Path.GetFileName(Environment.ProcessPath) == "dotnet")
        {
            info.ArgumentList.Add(typeof(HostDeathTests).Assembly.Location);
        }

        info.Environment["DOTNET_STARTUP_HOOKS"] = typeof(HostDeathTests).Assembly.Location;
        info.Environment["EVENTML_TEST_HOST_STATE"] = scenario.State;
        using var host = Process.Start(info)!;
        var started = Path.Combine(scenario.State, "child.started");
        await Eventually.TrueAsync(() => File.Exists(started) && File.ReadAllText(started).EndsWith('\n'), "the child did not start");
        var task = Path.GetFileName(scenario.State);
        ScriptScenario.Living(task).ShouldNotBeEmpty();

        host.Kill();

        await host.WaitForExitAsync();
        await Eventually.TrueAsync(() => ScriptScenario.Living(task).Length == 0, "the child outlived its host");
    }
}
