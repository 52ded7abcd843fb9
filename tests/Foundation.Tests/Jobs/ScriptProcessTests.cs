using EventMl.Contracts;
using System.Text;
using System.Text.Json;
using EventMl.Jobs;
using EventMl.Jobs.Scripts;

namespace EventMl.Foundation.Tests.Jobs;

public sealed class ScriptProcessTests
{
    [Fact]
    public async Task Returns_the_statistics_when_the_script_ends_well()
    {
        using var scenario = new ScriptScenario();
        Environment.SetEnvironmentVariable("EVENTML_SECRET", "Password=secret");

        var outcome = await scenario.RunFaultAsync("none");

        var stats = outcome.ShouldBeOfType<ScriptCompleted>().Stats;
        stats.GetProperty("total_records").GetInt32().ShouldBe(3);
        stats.GetProperty("input").GetString().ShouldBe("/input");
        stats.GetProperty("cwd").GetString().ShouldBe(Path.Combine(scenario.State, "work", "home"));
        stats.GetProperty("environment").EnumerateArray().Select(v => v.GetString()).ShouldNotContain("EVENTML_SECRET");
        scenario.Messages.ShouldBe([new ScriptProgress(1, 1, null)]);
        scenario.Log.ShouldBe("fault: none\npartial line\n");
    }

    [Theory]
    [InlineData("throw", "SCRIPT_FAILED", "ValueError: the data is upside down")]
    [InlineData("exit", "SCRIPT_FAILED", "The script ended with exit code 3.")]
    [InlineData("silent", "SCRIPT_FAILED", "The script ended without a result message.")]
    [InlineData("segfault", "SCRIPT_CRASHED", "The script was ended by SIGSEGV.")]
    [InlineData("nan", "SCRIPT_FAILED", "The script reported NaN for metric 'loss' in epoch 2.")]
    [InlineData("bare_nan", "SCRIPT_FAILED", "The script returned NaN for 'loss'.")]
    [InlineData("nan_result", "SCRIPT_FAILED", "The script returned Infinity for 'nested.loss[1]'.")]
    [InlineData("backwards", "SCRIPT_FAILED", "The script reported epoch 1 after epoch 2; epochs must ascend.")]
    [InlineData("list", "SCRIPT_FAILED", "The script returned a list; run must return an object of statistics.")]
    public async Task Names_the_reason_when_a_script_fails(string fault, string code, string message)
    {
        using var scenario = new ScriptScenario();

        var outcome = await scenario.RunFaultAsync(fault);

        outcome.ShouldBeOfType<ScriptFailure>().Error.ShouldBe(new TaskError(code, message));
        outcome.LogTail.ShouldContain($"fault: {fault}");
    }

    [Fact]
    public async Task Keeps_epochs_before_the_bad_one_when_a_metric_is_not_finite()
    {
        using var scenario = new ScriptScenario();

        await scenario.RunFaultAsync("nan");

        scenario.Messages.OfType<ScriptEpoch>().ShouldHaveSingleItem().Metrics["loss"].ShouldBe(0.5);
    }

    [Fact]
    public async Task Cleans_what_is_printed_when_it_holds_nul_bytes_and_half_characters()
    {
        using var scenario = new ScriptScenario();

        var outcome = await scenario.RunFaultAsync("garbage");

        outcome.ShouldBeOfType<ScriptCompleted>().Stats.GetProperty("text").GetString().ShouldBe("lone \uFFFD surrogate and nul ");
        outcome.LogTail.ShouldNotContain("\0");
        scenario.Log.ShouldContain("half \uFFFD and nul  here");
        scenario.Log.ShouldContain("::eventml {broken");
        new FileInfo(Path.Combine(scenario.State, "work", "logs", "1.log")).Length.ShouldBeLessThan(2_000_000);
        Encoding.UTF8.GetByteCount(outcome.LogTail).ShouldBeLessThan(20_000);
    }

    [Fact]
    public async Task Ends_a_hanging_script_when_its_time_is_over()
    {
        using var scenario = new ScriptScenario(grace: TimeSpan.FromSeconds(0.2));

        var outcome = await scenario.RunFaultAsync("hang", timeoutSeconds: 3);

        outcome.ShouldBeOfType<ScriptFailure>().Error.ShouldBe(new TaskError("TASK_TIMED_OUT", "The script did not end within 3 seconds and was ended."));
        scenario.Living().ShouldBeEmpty();
    }

    [Fact]
    public async Task Ends_a_script_that_listens_when_it_is_cancelled()
    {
        using var scenario = new ScriptScenario(grace: TimeSpan.FromMinutes(2));
        using var cancel = new CancellationTokenSource();

        var outcome = await scenario.RunAsync(await scenario.CommandAsync("faulty/faulty.py", new { fault = "polite" }), 300, _ => cancel.CancelAsync(), cancel.Token);

        outcome.ShouldBeOfType<ScriptFailure>().Error.Code.ShouldBe("TASK_CANCELLED");
    }

    [Fact]
    public async Task Kills_grandchildren_too_when_a_script_is_cancelled()
    {
        using var scenario = new ScriptScenario(grace: TimeSpan.FromSeconds(0.1));
        using var cancel = new CancellationTokenSource();
        var started = 0;

        var outcome = await scenario.RunAsync(await scenario.CommandAsync("faulty/faulty.py", new { fault = "fork" }), 300, _ =>
        {
            started = scenario.Living().Length;
            return cancel.CancelAsync();
        }, cancel.Token);

        outcome.ShouldBeOfType<ScriptFailure>().Error.Code.ShouldBe("TASK_CANCELLED");
        started.ShouldBeGreaterThanOrEqualTo(3);
        scenario.Living().ShouldBeEmpty();
    }

    [Fact]
    public async Task Kills_what_an_earlier_attempt_left_behind_when_the_next_begins()
    {
        using var scenario = new ScriptScenario();
        using var left = await ChildProcess.StartAsync(new ChildPlan(
            "/usr/bin/sleep", ["600"], new Dictionary<string, string>(StringComparer.Ordinal), "/", $"{scenario.TaskId}/0/x", null, Network: false, scenario.Options.Limits, Isolation.Here));

        await scenario.RunFaultAsync("none");

        (await left.Exited.WaitAsync(Eventually.Limit)).ShouldBe(128 + 9);
    }

    [Fact]
    public async Task Throws_on_what_the_handler_threw_and_ends_the_child()
    {
        using var scenario = new ScriptScenario();
        var command = await scenario.CommandAsync("faulty/faulty.py", new { fault = "hang" });

        await Should.ThrowAsync<JobFencedException>(() => scenario.RunAsync(command, onMessage: _ => throw new JobFencedException()));

        scenario.Living().ShouldBeEmpty();
    }

    [Fact]
    public async Task Understands_a_shell_script_when_it_echoes_messages()
    {
        using var scenario = new ScriptScenario();
        var script = scenario.Write("job.sh", """
            #!/bin/bash
            read -r request
            echo "got ${#request} characters" >&2
            echo '::eventml {"type":"epoch","epoch":1,"epochs":1,"metrics":{"loss":0.25},"learning_rate":0.1,"samples_per_second":1e999}'
            echo '::eventml {"type":"result","stats":{"total_records":1}}'
            """, executable: true);

        var outcome = await scenario.RunAsync(new ScriptCommand { FileName = script, Request = scenario.Request() });

        outcome.ShouldBeOfType<ScriptCompleted>();
        var epoch = scenario.Messages.OfType<ScriptEpoch>().ShouldHaveSingleItem();
        epoch.LearningRate.ShouldBe(0.1);
        epoch.SamplesPerSecond.ShouldBeNull();
    }

    [Fact]
    public async Task Says_so_when_the_program_cannot_be_started()
    {
        using var scenario = new ScriptScenario();

        var outcome = await scenario.RunAsync(new ScriptCommand { FileName = "/nonexistent/program", Request = scenario.Request() });

        outcome.ShouldBeOfType<ScriptFailure>().Error.Code.ShouldBe("SCRIPT_FAILED");
        outcome.LogTail.ShouldContain("/nonexistent/program");
    }

    [Fact]
    public async Task Runs_as_the_script_user_when_the_platform_is_root()
    {
        using var scenario = new ScriptScenario(user: "nobody");
        var user = ScriptUser.Find("nobody");
        Assert.SkipWhen(user is null, "Only root can become another user.");
        // As in a checkout below root's home.
        var closed = Directory.CreateDirectory(Path.Combine(scenario.State, "closed"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        File.Copy(Path.Combine(ScriptScenario.Samples, "faulty", "faulty.py"), Path.Combine(closed, "faulty.py"));
        var options = scenario.Options with { ScriptRoots = [closed] };
        var (file, _) = new ScriptFinder(options).FindScript("faulty.py");
        var (command, _) = await new ScriptCommandFactory(options, scenario.Compiler).CreateAsync(file!, scenario.Request());

        var outcome = await scenario.RunAsync(command!);

        outcome.ShouldBeOfType<ScriptCompleted>(outcome.LogTail).Stats.GetProperty("user").GetUInt32().ShouldBe(user.UserId);
    }

    [Fact]
    public async Task Kills_a_script_of_another_user_when_its_time_is_over()
    {
        using var scenario = new ScriptScenario(grace: TimeSpan.FromSeconds(0.1), user: "nobody");

        var outcome = await scenario.RunFaultAsync("hang", timeoutSeconds: 3);

        outcome.ShouldBeOfType<ScriptFailure>().Error.Code.ShouldBe("TASK_TIMED_OUT");
        scenario.Living().ShouldBeEmpty();
    }
}
