using System.Net;
using System.Net.Sockets;
using EventMl.Jobs.Scripts;

namespace EventMl.Foundation.Tests.Jobs;

public sealed class ScriptIsolationTests
{
    private const string Escape = """
        import os, subprocess, sys, time
        def run(input_path, output_path, params, job):
            # Twice forked, in a session of its own, without the environment: what daemons do.
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    null = os.open("/dev/null", os.O_RDWR)
                    for fd in (0, 1, 2):
                        os.dup2(null, fd)
                    os.execve("/usr/bin/sleep", ["sleep", params["seconds"]], {})
                os._exit(0)
            time.sleep(float(params.get("wait", 0)))
            job.progress(1, 2, "escaped")
            while not os.path.exists(os.path.join(output_path, "go")):
                time.sleep(0.01)
            return {}
        """;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Ends_daemons_of_a_script_when_it_ends(bool namespaces)
    {
        Assert.SkipWhen(namespaces && !Isolation.Here.Processes, Isolation.Here.Problem ?? "");
        using var scenario = new ScriptScenario(isolation: namespaces ? null : Isolation.None);
        scenario.Write("escape.py", Escape);
        var seconds = $"600.{Random.Shared.Next(1_000_000)}";
        var seen = 0;

        var outcome = await scenario.RunAsync(await scenario.CommandAsync("escape.py", new { seconds, wait = 0.5 }), onMessage: _ =>
        {
            seen = ScriptScenario.LivingWith(seconds).Length;
            return File.WriteAllTextAsync(Path.Combine(scenario.OutputPath, "go"), "");
        });

        outcome.ShouldBeOfType<ScriptCompleted>(outcome.LogTail);
        seen.ShouldBe(1);
        await Eventually.TrueAsync(() => ScriptScenario.LivingWith(seconds).Length == 0, "a daemon lives on");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Ends_daemons_of_a_script_when_it_is_cancelled(bool namespaces)
    {
        Assert.SkipWhen(namespaces && !Isolation.Here.Processes, Isolation.Here.Problem ?? "");
        using var scenario = new ScriptScenario(grace: TimeSpan.FromSeconds(0.1), isolation: namespaces ? null : Isolation.None);
        scenario.Write("escape.py", Escape);
        var seconds = $"600.{Random.Shared.Next(1_000_000)}";
        using var cancel = new CancellationTokenSource();

        var outcome = await scenario.RunAsync(await scenario.CommandAsync("escape.py", new { seconds }), 300, _ => cancel.CancelAsync(), cancel.Token);

        outcome.ShouldBeOfType<ScriptFailure>().Error.Code.ShouldBe("TASK_CANCELLED");
        await Eventually.TrueAsync(() => ScriptScenario.LivingWith(seconds).Length == 0, "a daemon lives on");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Collects_the_zombies_of_a_script(bool namespaces)
    {
        Assert.SkipWhen(namespaces && !Isolation.Here.Processes, Isolation.Here.Problem ?? "");
        using var scenario = new ScriptScenario(isolation: namespaces ? null : Isolation.None);
        var script = scenario.Write("orphans.sh", """
            #!/bin/bash
            read -r request
            for i in 1 2 3 4 5 6 7 8; do setsid bash -c 'sleep 0.3 & disown; exec 1>&- 2>&-' & done
            wait
            sleep 1
            echo "::eventml {\"type\":\"progress\",\"done\":1,\"total\":1}"
            echo '::eventml {"type":"result"}'
            """, executable: true);
        var collected = false;

        var outcome = await scenario.RunAsync(new ScriptCommand { FileName = script, Request = scenario.Request() }, onMessage: async _ =>
        {
            await Eventually.TrueAsync(() => !ProcessTable.Tree(ProcessTable.Read(), [Environment.ProcessId]).Exists(e => e.IsZombie), "a zombie is left");
            collected = true;
        });

        outcome.ShouldBeOfType<ScriptCompleted>(outcome.LogTail);
        collected.ShouldBeTrue();
    }

    [Fact]
    public async Task Tells_the_whole_group_to_end_before_it_kills()
    {
        using var scenario = new ScriptScenario(grace: TimeSpan.FromMinutes(1));
        using var cancel = new CancellationTokenSource();
        var script = scenario.Write("trap.sh", """
            #!/bin/bash
            read -r request
            trap 'echo "tidied up"; exit 0' TERM
            echo '::eventml {"type":"progress","done":1,"total":2}'
            sleep 600
            """, executable: true);

        var outcome = await scenario.RunAsync(new ScriptCommand { FileName = script, Request = scenario.Request() }, 300, _ => cancel.CancelAsync(), cancel.Token);

        outcome.ShouldBeOfType<ScriptFailure>().Error.Code.ShouldBe("TASK_CANCELLED");
        outcome.LogTail.ShouldContain("tidied up");
    }

    [Fact]
    public async Task Sees_no_process_but_its_own_and_no_secret_of_the_platform()
    {
        Assert.SkipUnless(Isolation.Here.Processes, Isolation.Here.Problem ?? "");
        using var scenario = new ScriptScenario(user: "nobody");
        Environment.SetEnvironmentVariable("EVENTML_SECRET", "Password=secret");
        var script = scenario.Write("look.sh", """
            #!/bin/bash
            read -r request
            cat /proc/[0-9]*/environ 2>/dev/null | tr '\0' '\n' | grep -c Password=secret
            ls -d /proc/[0-9]* | wc -l
            echo '::eventml {"type":"result"}'
            """, executable: true);

        var outcome = await scenario.RunAsync(new ScriptCommand { FileName = script, Request = scenario.Request(), IsUserScript = true });

        outcome.ShouldBeOfType<ScriptCompleted>(outcome.LogTail);
        var lines = outcome.LogTail.Split('\n');
        lines[0].ShouldBe("0");
        int.Parse(lines[1]).ShouldBeLessThan(8);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reads_nothing_of_the_platform_or_of_another_task_when_the_platform_is_root(bool namespaces)
    {
        Assert.SkipWhen(ScriptUser.Find("nobody") is null, "Only root can become another user.");
        using var scenario = new ScriptScenario(user: "nobody", isolation: namespaces ? null : Isolation.None);
        var secret = scenario.Write("secret", "Password=secret");
        File.SetUnixFileMode(secret, UnixFileMode.UserRead);
        // A task of another id, whose script leaves its result and has not ended.
        using var other = new ScriptScenario(user: "nobody", isolation: namespaces ? null : Isolation.None);
        var writer = other.Write("write.sh", "#!/bin/bash\nread -r request\necho private > ../output/result\necho '::eventml {\"type\":\"result\"}'\n", executable: true);
        var theirs = Path.Combine(other.State, "work", "output");
        var request = other.Request() with { OutputPath = theirs };
        (await other.RunAsync(new ScriptCommand { FileName = writer, Request = request, IsUserScript = true })).ShouldBeOfType<ScriptCompleted>();
        File.Exists(Path.Combine(theirs, "result")).ShouldBeTrue();
        var script = scenario.Write("spy.sh", $$"""
            #!/bin/bash
            read -r request
            cat {{secret}} /etc/shadow {{theirs}}/result /proc/{{Environment.ProcessId}}/environ && echo spied
            cat ../output/own
            echo mine > ../output/own && cat ../output/own
            echo '::eventml {"type":"result"}'
            """, executable: true);

        var outcome = await scenario.RunAsync(
            new ScriptCommand { FileName = script, Request = scenario.Request() with { OutputPath = Path.Combine(scenario.State, "work", "output") }, IsUserScript = true });

        outcome.ShouldBeOfType<ScriptCompleted>(outcome.LogTail);
        outcome.LogTail.ShouldNotContain("secret\n");
        outcome.LogTail.ShouldNotContain("private");
        outcome.LogTail.ShouldNotContain("spied");
        outcome.LogTail.ShouldContain("mine");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reaches_the_network_only_when_that_is_allowed_or_cannot_be_prevented(bool allowed)
    {
        using var scenario = new ScriptScenario(network: allowed);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var script = scenario.Write("reach.sh", $$$"""
            #!/bin/bash
            read -r request
            if (: </dev/tcp/127.0.0.1/{{{((IPEndPoint)listener.LocalEndpoint).Port}}}) 2>/dev/null; then reached=true; else reached=false; fi
            echo "::eventml {\"type\":\"result\",\"stats\":{\"reached\":$reached}}"
            """, executable: true);

        var outcome = await scenario.RunAsync(new ScriptCommand { FileName = script, Request = scenario.Request(), IsUserScript = true });

        outcome.ShouldBeOfType<ScriptCompleted>(outcome.LogTail).Stats.GetProperty("reached").GetBoolean()
            .ShouldBe(allowed || !Isolation.Here.Network, Isolation.Here.Problem);
    }
}
