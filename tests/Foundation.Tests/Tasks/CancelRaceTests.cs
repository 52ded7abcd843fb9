using EventMl.Bus;
using EventMl.Contracts;
using EventMl.EventStore;
using EventMl.Foundation.Tests.EventStore;
using EventMl.Jobs;
using EventMl.Tasks;

namespace EventMl.Foundation.Tests.Tasks;

public sealed class CancelRaceTests
{
    [Fact]
    public async Task Asks_the_worker_that_got_the_task_while_it_was_being_cancelled()
    {
        await using var ledger = await TestLedger.CreateAsync(withView: false);
        var queue = new JobQueue(ledger.DataSource, "errands");
        await ledger.ExecuteAsync("create schema errands; " + queue.CreateSql);
        await ledger.AppendAsync("errand-1", 0, new CounterRaised(1, default));

        Task<CommandResult> cancelling;
        await using (var worker = await ledger.Ledger.BeginAsync())
        {
            var errand = await worker.LoadAsync<Errand>("1");
            await queue.EnqueueAsync(worker, "1", "errand", new { });
            await worker.AppendAsync(errand, [new CounterRaised(1, default)], TestLedger.Metadata);
            cancelling = ledger.Ledger.InTransactionAsync(t => Context(t).CancelTaskAsync<Errand>(queue, "1", null, CancellationToken.None));
            await Wait.UntilAsync(
                async () => await ledger.ScalarAsync<long>("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") == 1,
                "the cancellation waits for the stream");
            await worker.CommitAsync();
        }

        (await cancelling).Refusal.ShouldBeNull();
        (await queue.ClaimAsync("worker", ["errand"], TimeSpan.FromMinutes(1))).ShouldBeNull("the job was withdrawn with the task");
    }

    private static CommandContext Context(LedgerTransaction transaction) => new()
    {
        Transaction = transaction, Grant = Grant.Platform, Metadata = TestLedger.Metadata, Now = transaction.Now, Door = Doors.Rest, Queue = "errands",
    };

    /// <summary>Begun by its second event.</summary>
    private sealed record Errand(TaskLifecycle Life) : ITask<Errand>
    {
        public static string Category => "errand";

        public static Errand Initial { get; } = new(TaskLifecycle.None);

        public string? Name => null;

        public Decision Cancel(string taskId, string code, bool workerHasIt, DateTimeOffset now) =>
            Decision.Of(new CounterNoted(workerHasIt ? "asked" : "ended"));

        public Decision Fail(string taskId, int attempt, TaskError error, string? logTail, DateTimeOffset now) => Decision.Nothing;

        public Errand Evolve(object @event) => @event switch
        {
            CounterRaised => new Errand(Life.Exists ? Life.Started(1) : Life.Requested()),
            _ => new Errand(Life.Ended(TaskStatuses.Failed)),
        };
    }
}
