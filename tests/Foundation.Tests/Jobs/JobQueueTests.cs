using EventMl.Jobs;

namespace EventMl.Foundation.Tests.Jobs;

public sealed class JobQueueTests
{
    [Fact]
    public async Task Gives_a_job_to_one_of_sixteen_when_all_claim_at_once()
    {
        await using var scenario = await JobScenario.CreateAsync();
        await scenario.EnqueueAsync("train-1");

        var claims = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => scenario.ClaimAsync($"worker-{i}"))));

        var lease = claims.OfType<JobLease>().ShouldHaveSingleItem();
        lease.Attempt.ShouldBe(1);
        JobScenario.Number(lease).ShouldBe(7);
    }

    [Fact]
    public async Task Keeps_the_first_payload_when_enqueued_twice()
    {
        await using var scenario = await JobScenario.CreateAsync();
        await scenario.EnqueueAsync("train-1");
        await scenario.InAsync(t => scenario.Queue.EnqueueAsync(t, "train-1", JobScenario.Kind, new { Number = 8 }));

        JobScenario.Number((await scenario.ClaimAsync("a"))!).ShouldBe(7);
        (await scenario.ClaimAsync("b")).ShouldBeNull();
    }

    [Fact]
    public async Task Leaves_no_job_when_the_transaction_is_not_committed()
    {
        await using var scenario = await JobScenario.CreateAsync();
        await using (var transaction = await scenario.Ledger.BeginAsync())
        {
            await scenario.Queue.EnqueueAsync(transaction, "train-1", JobScenario.Kind, new { });
        }

        (await scenario.ClaimAsync("a")).ShouldBeNull();
    }

    [Fact]
    public async Task Wakes_the_runner_after_the_commit_and_never_when_it_rolls_back()
    {
        await using var scenario = await JobScenario.CreateAsync();
        await using (var transaction = await scenario.Ledger.BeginAsync())
        {
            await scenario.Queue.EnqueueAsync(transaction, "train-1", JobScenario.Kind, new { });
        }

        (await IsRaisedAsync()).ShouldBeFalse("the transaction was rolled back");
        await using (var transaction = await scenario.Ledger.BeginAsync())
        {
            await scenario.Queue.EnqueueAsync(transaction, "train-1", JobScenario.Kind, new { });
            (await IsRaisedAsync()).ShouldBeFalse("the transaction is open");
            await transaction.CommitAsync();
        }

        (await IsRaisedAsync()).ShouldBeTrue("the transaction has committed");

        Task<bool> IsRaisedAsync() => scenario.Queue.Signal.WaitAsync(TimeSpan.Zero, CancellationToken.None);
    }

    [Fact]
    public async Task Takes_only_its_kinds_and_the_oldest_first()
    {
        await using var scenario = await JobScenario.CreateAsync();
        await scenario.EnqueueAsync("other-1", "ingest");
        await scenario.EnqueueAsync("train-2");
        await scenario.EnqueueAsync("train-1");

        (await scenario.ClaimAsync("a"))!.Id.ShouldBe("train-2");
        (await scenario.ClaimAsync("a"))!.Id.ShouldBe("train-1");
        (await scenario.ClaimAsync("a")).ShouldBeNull();
    }

    [Fact]
    public async Task Gives_the_next_attempt_when_the_lease_ran_out_and_refuses_the_old_one()
    {
        await using var scenario = await JobScenario.CreateAsync();
        await scenario.EnqueueAsync("train-1");
        var old = (await scenario.ClaimAsync("a"))!;
        (await scenario.ClaimAsync("b")).ShouldBeNull();
        await scenario.ExpireAsync("train-1");

        var next = (await scenario.ClaimAsync("b"))!;

        next.Attempt.ShouldBe(2);
        (await scenario.Queue.RenewAsync(old, TimeSpan.FromSeconds(5))).ShouldBe(LeaseState.Lost);
        await Should.ThrowAsync<JobFencedException>(() => scenario.InAsync(t => scenario.Queue.HoldAsync(t, old)));
        await Should.ThrowAsync<JobFencedException>(() => scenario.InAsync(t => scenario.Queue.FinishAsync(t, old)));
        (await scenario.Queue.ReleaseAsync(old)).ShouldBeFalse();
        await scenario.InAsync(t => scenario.Queue.FinishAsync(t, next));
        (await scenario.StateAsync("train-1")).ShouldBe("done 2");
    }

    [Fact]
    public async Task Refuses_writes_when_the_lease_ran_out_though_nobody_else_claimed()
    {
        await using var scenario = await JobScenario.CreateAsync();
        await scenario.EnqueueAsync("train-1");
        var lease = (await scenario.ClaimAsync("a"))!;
        await scenario.InAsync(t => scenario.Queue.HoldAsync(t, lease));
        await scenario.ExpireAsync("train-1");

        await Should.ThrowAsync<JobFencedException>(() => scenario.InAsync(t => scenario.Queue.HoldAsync(t, lease)));
        (await scenario.Queue.RenewAsync(lease, TimeSpan.FromSeconds(5))).ShouldBe(LeaseState.Lost);
    }

    [Fact]
    public async Task Gives_a_job_to_nobody_else_while_its_holder_writes()
    {
        await using var scenario = await JobScenario.CreateAsync();
        await scenario.EnqueueAsync("train-1");
        var lease = (await scenario.ClaimAsync("a", leaseSeconds: 2))!;
        await using (var transaction = await scenario.Ledger.BeginAsync())
        {
            await scenario.Queue.HoldAsync(transaction, lease);
            await using var wait = transaction.Command("select pg_sleep(2.2)");
            await wait.ExecuteNonQueryAsync();
            (await scenario.ClaimAsync("b")).ShouldBeNull();
            await transaction.CommitAsync();
        }

        (await scenario.ClaimAsync("b"))!.Attempt.ShouldBe(2);
    }

    [Fact]
    public async Task Tells_the_holder_when_cancelling_is_asked_for_and_the_first_reason_stays()
    {
        await using var scenario = await JobScenario.CreateAsync();
        await scenario.EnqueueAsync("train-1");
        var lease = (await scenario.ClaimAsync("a"))!;

        (await scenario.AskAsync(t => scenario.Queue.RequestCancelAsync(t, "train-1", "TASK_CANCELLED"))).ShouldBeTrue();
        (await scenario.AskAsync(t => scenario.Queue.RequestCancelAsync(t, "train-1", "TASK_TIMED_OUT"))).ShouldBeTrue();

        (await scenario.Queue.RenewAsync(lease, TimeSpan.FromSeconds(5))).ShouldBe(LeaseState.CancelRequested("TASK_CANCELLED"));
        await scenario.InAsync(t => scenario.Queue.FinishAsync(t, lease));
        (await scenario.AskAsync(t => scenario.Queue.RequestCancelAsync(t, "train-1", "TASK_CANCELLED"))).ShouldBeFalse();
        (await scenario.AskAsync(t => scenario.Queue.RequestCancelAsync(t, "unknown", "TASK_CANCELLED"))).ShouldBeFalse();
    }

    [Fact]
    public async Task Withdraws_a_job_only_while_nobody_has_begun_it()
    {
        await using var scenario = await JobScenario.CreateAsync();
        await scenario.EnqueueAsync("train-1");
        await scenario.EnqueueAsync("train-2");
        await scenario.ClaimAsync("a");

        (await scenario.AskAsync(t => scenario.Queue.WithdrawAsync(t, "train-1"))).ShouldBeFalse();
        (await scenario.AskAsync(t => scenario.Queue.WithdrawAsync(t, "train-2"))).ShouldBeTrue();
        (await scenario.ClaimAsync("a")).ShouldBeNull();
    }
}
