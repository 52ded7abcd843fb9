using System.Collections.Concurrent;
using EventMl.Jobs;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventMl.Foundation.Tests.Jobs;

public sealed class JobRunnerTests
{
    private static readonly JobRunnerOptions Fast = new()
    {
        LeaseTime = TimeSpan.FromSeconds(5), Heartbeat = TimeSpan.FromMilliseconds(50), PollInterval = TimeSpan.FromMilliseconds(50),
    };

    [Fact]
    public async Task Does_every_job_once_when_two_runners_share_them()
    {
        await using var scenario = await JobScenario.CreateAsync();
        var done = new ConcurrentBag<string>();
        Executor Executor(JobQueue queue) => new(async (lease, _, _) =>
        {
            await scenario.InAsync(t => queue.FinishAsync(t, lease));
            done.Add(lease.Id);
        });
        var other = scenario.AnotherQueue();
        using var first = Runner(scenario.Queue, Executor(scenario.Queue), Fast with { Concurrency = 4 });
        using var second = Runner(other, Executor(other), Fast with { Concurrency = 4 });
        await first.StartAsync(CancellationToken.None);
        await second.StartAsync(CancellationToken.None);
        for (var i = 0; i < 30; i++)
        {
            await scenario.EnqueueAsync($"train-{i}");
        }

        await Eventually.TrueAsync(() => done.Count >= 30, "not all jobs were done");
        await first.StopAsync(CancellationToken.None);
        await second.StopAsync(CancellationToken.None);
        done.Order(StringComparer.Ordinal).ShouldBe(Enumerable.Range(0, 30).Select(i => $"train-{i}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Begins_at_once_when_a_job_is_committed_and_polling_is_slow()
    {
        await using var scenario = await JobScenario.CreateAsync();
        var begun = new TaskCompletionSource();
        using var runner = Runner(
            scenario.Queue,
            new Executor(async (lease, _, _) =>
            {
                await scenario.InAsync(t => scenario.Queue.FinishAsync(t, lease));
                begun.SetResult();
            }),
            Fast with { PollInterval = Eventually.Limit * 2 });
        await runner.StartAsync(CancellationToken.None);

        await scenario.EnqueueAsync("train-1");

        await begun.Task.WaitAsync(Eventually.Limit);
        await runner.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Cancels_the_executor_with_the_reason_when_asked_to()
    {
        await using var scenario = await JobScenario.CreateAsync();
        var begun = new TaskCompletionSource();
        var code = new TaskCompletionSource<string?>();
        using var runner = Runner(scenario.Queue, new Executor(async (lease, control, token) =>
        {
            begun.SetResult();
            await WaitAsync(token);
            code.SetResult(control.CancelCode);
            control.MustLeave.ShouldBeFalse();
            await scenario.InAsync(t => scenario.Queue.FinishAsync(t, lease));
        }));
        await runner.StartAsync(CancellationToken.None);
        await scenario.EnqueueAsync("train-1");
        await begun.Task.WaitAsync(Eventually.Limit);

        await scenario.InAsync(t => scenario.Queue.RequestCancelAsync(t, "train-1", "TASK_TIMED_OUT"));

        (await code.Task.WaitAsync(Eventually.Limit)).ShouldBe("TASK_TIMED_OUT");
        await Eventually.TrueAsync(async () => await scenario.StateAsync("train-1") == "done 1", "the job did not end");
        await runner.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Tells_the_executor_to_leave_when_another_took_the_job()
    {
        await using var scenario = await JobScenario.CreateAsync();
        var begun = new TaskCompletionSource();
        var lost = new TaskCompletionSource<bool>();
        using var runner = Runner(scenario.Queue, new Executor(async (_, control, token) =>
        {
            begun.TrySetResult();
            await WaitAsync(token);
            lost.TrySetResult(control.Lost);
        }));
        await runner.StartAsync(CancellationToken.None);
        await scenario.EnqueueAsync("train-1");
        await begun.Task.WaitAsync(Eventually.Limit);

        await scenario.ExpireAsync("train-1");

        (await lost.Task.WaitAsync(Eventually.Limit)).ShouldBeTrue();
        await runner.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Gives_the_job_back_at_once_when_the_host_stops()
    {
        await using var scenario = await JobScenario.CreateAsync();
        var begun = new TaskCompletionSource();
        var stopping = false;
        using var runner = Runner(scenario.Queue, new Executor(async (_, control, token) =>
        {
            begun.TrySetResult();
            await WaitAsync(token);
            stopping = control.Stopping && control.MustLeave;
        }), Fast with { LeaseTime = TimeSpan.FromMinutes(10) });
        await runner.StartAsync(CancellationToken.None);
        await scenario.EnqueueAsync("train-1");
        await begun.Task.WaitAsync(Eventually.Limit);

        await runner.StopAsync(CancellationToken.None);

        stopping.ShouldBeTrue();
        (await scenario.ClaimAsync("another"))!.Attempt.ShouldBe(2);
    }

    [Fact]
    public async Task Tries_again_after_the_lease_when_an_executor_throws()
    {
        await using var scenario = await JobScenario.CreateAsync();
        using var runner = Runner(scenario.Queue, new Executor(async (lease, _, _) =>
        {
            if (lease.Attempt == 1)
            {
                throw new InvalidOperationException("a defect");
            }

            await scenario.InAsync(t => scenario.Queue.FinishAsync(t, lease));
        }), Fast with { LeaseTime = TimeSpan.FromSeconds(1) });
        await runner.StartAsync(CancellationToken.None);

        await scenario.EnqueueAsync("train-1");

        await Eventually.TrueAsync(async () => await scenario.StateAsync("train-1") == "done 2", "the job was not tried again");
        await runner.StopAsync(CancellationToken.None);
    }

    private static JobRunner Runner(JobQueue queue, IJobExecutor executor, JobRunnerOptions? options = null) =>
        new(queue, [executor], options ?? Fast, TimeProvider.System, NullLogger<JobRunner>.Instance);

    private static async Task WaitAsync(CancellationToken token)
    {
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, token).WaitAsync(Eventually.Limit, CancellationToken.None);
        }
        catch (OperationCanceledException)
        {
            // What was waited for.
        }
    }

    private sealed class Executor(Func<JobLease, JobControl, CancellationToken, Task> execute) : IJobExecutor
    {
        public string Kind => JobScenario.Kind;

        public Task ExecuteAsync(JobLease lease, JobControl control, CancellationToken cancellationToken) => execute(lease, control, cancellationToken);
    }
}
