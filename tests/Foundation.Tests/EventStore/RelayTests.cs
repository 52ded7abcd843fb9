using System.Collections.Concurrent;
using EventMl.Contracts.Training;
using EventMl.EventStore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventMl.Foundation.Tests.EventStore;

public sealed class RelayTests
{
    private static readonly DateTimeOffset _at = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Publishes_contracts_in_ledger_order_when_they_are_committed()
    {
        await using var db = await TestLedger.CreateAsync(change: o => o with { BatchSize = 4 });
        var publisher = new RecordingPublisher();
        await FillAsync(db, 10);
        using var relay = new Relay(db.Ledger, db.Options, publisher, db.Signal, NullLogger<Relay>.Instance);

        await relay.StartAsync(Ct);
        await Wait.UntilAsync(async () => await db.Ledger.FollowerPositionAsync("relay", Ct) == 20, "relay at the head");
        await relay.StopAsync(Ct);

        publisher.Published.Select(e => ((RunTraining)e.Data!).TaskId).ShouldBe(Enumerable.Range(0, 10).Select(i => $"train-{i}"));
        publisher.Published.Select(e => e.Position!.Value).ShouldBeInOrder();
    }

    [Fact]
    public async Task Resumes_without_a_loss_when_the_broker_was_away()
    {
        await using var db = await TestLedger.CreateAsync(change: o => o with { BatchSize = 3 });
        var publisher = new RecordingPublisher { FailuresLeft = 3 };
        var log = new CountingLog();
        await FillAsync(db, 6);
        using var relay = new Relay(db.Ledger, db.Options, publisher, db.Signal, log);

        await relay.StartAsync(Ct);
        await Wait.UntilAsync(async () => await db.Ledger.FollowerPositionAsync("relay", Ct) == 12, "relay at the head");
        await relay.StopAsync(Ct);

        // The first batch was half published before the failure.
        publisher.Published.Select(e => e.Id).Distinct().Count().ShouldBe(6);
        publisher.Published.Count.ShouldBeGreaterThan(6);
        publisher.Published.Reverse().DistinctBy(e => e.Id).Reverse().Select(e => e.Position!.Value).ShouldBeInOrder();
        log.Messages.Count(m => m.Contains("publishing failed", StringComparison.Ordinal)).ShouldBe(1);
        log.Messages.Count(m => m.Contains("works again", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task Leaves_no_transaction_open_and_sequences_on_when_the_broker_blocks()
    {
        await using var db = await TestLedger.CreateAsync();
        var publisher = new RecordingPublisher { Gate = new TaskCompletionSource() };
        await FillAsync(db, 1);
        using var relay = new Relay(db.Ledger, db.Options, publisher, db.Signal, NullLogger<Relay>.Instance);
        await relay.StartAsync(Ct);
        await Wait.UntilAsync(() => Task.FromResult(publisher.Calls > 0), "publishing begins");

        await db.AppendAsync("counter-later", 0, new CounterRaised(1, _at));
        await db.SequenceAsync();

        (await db.Ledger.HeadAsync(Ct)).ShouldBe(3);
        (await db.ScalarAsync<long>("select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'")).ShouldBe(0);
        (await db.Ledger.FollowerPositionAsync("relay", Ct)).ShouldBe(0);
        publisher.Gate.SetResult();
        await Wait.UntilAsync(async () => await db.Ledger.FollowerPositionAsync("relay", Ct) == 3, "relay at the head");
        await relay.StopAsync(Ct);
    }

    [Fact]
    public async Task Keeps_the_order_of_a_stream_and_lets_others_pass_when_a_batch_waits_for_the_broker()
    {
        await using var db = await TestLedger.CreateAsync(change: o => o with { BatchSize = 2 });
        var publisher = new HoldingPublisher("training_task-hot");
        await db.AppendAsync("training_task-hot", 0, new RunTraining("hot-1"), new RunTraining("hot-2"), new RunTraining("hot-3"));
        await db.AppendAsync("training_task-cold", 0, new RunTraining("cold-1"));
        await db.SequenceAsync();
        using var relay = new Relay(db.Ledger, db.Options, publisher, db.Signal, NullLogger<Relay>.Instance);

        await relay.StartAsync(Ct);
        await Wait.UntilAsync(() => Task.FromResult(publisher.Begun.Contains("cold-1")), "the other stream to pass");
        publisher.Begun.ShouldNotContain("hot-3", "what was before it is not confirmed");
        (await db.Ledger.FollowerPositionAsync("relay", Ct)).ShouldBe(0);
        publisher.Confirm.SetResult();
        await Wait.UntilAsync(async () => await db.Ledger.FollowerPositionAsync("relay", Ct) == 4, "relay at the head");
        await relay.StopAsync(Ct);

        publisher.Begun.Where(t => t.StartsWith("hot", StringComparison.Ordinal)).ShouldBe(["hot-1", "hot-2", "hot-3"]);
    }

    [Fact]
    public async Task Does_not_advance_when_another_relay_leads()
    {
        await using var db = await TestLedger.CreateAsync(change: o => o with { LeaseTime = TimeSpan.FromMilliseconds(500) });
        var stopped = new LeaderLease(db.DataSource, db.Options, Relay.LeaseName);
        var next = new LeaderLease(db.DataSource, db.Options, Relay.LeaseName);
        (await stopped.AcquireAsync(Ct)).ShouldBeTrue();
        (await Relay.AdvanceAsync(db.DataSource, db.Options, Relay.LeaseName, 5, stopped.Epoch, Ct)).ShouldBeTrue();
        await Wait.UntilAsync(() => next.AcquireAsync(Ct), "take-over", seconds: 5);

        (await Relay.AdvanceAsync(db.DataSource, db.Options, Relay.LeaseName, 9, stopped.Epoch, Ct)).ShouldBeFalse();

        (await db.Ledger.FollowerPositionAsync("relay", Ct)).ShouldBe(5);
    }

    private static async Task FillAsync(TestLedger db, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await db.AppendAsync($"training_task-{i}", 0, new RunTraining($"train-{i}"), new CounterRaised(1, _at));
        }

        await db.SequenceAsync();
    }

    private sealed class RecordingPublisher : IEventPublisher
    {
        public ConcurrentQueue<StoredEvent> Published { get; } = new();

        public int FailuresLeft { get; set; }

        public TaskCompletionSource? Gate { get; init; }

        public int Calls { get; private set; }

        public async Task PublishAsync(IReadOnlyList<StoredEvent> events, CancellationToken cancellationToken)
        {
            Calls++;
            if (Gate is not null)
            {
                await Gate.Task.WaitAsync(cancellationToken);
            }

            foreach (var e in events)
            {
                Published.Enqueue(e);
                if (FailuresLeft-- > 0)
                {
                    throw new IOException("the broker is away");
                }
            }
        }
    }

    /// <summary>Confirms nothing of one stream before it may.</summary>
    private sealed class HoldingPublisher(string streamId) : IEventPublisher
    {
        public ConcurrentQueue<string> Begun { get; } = new();

        public TaskCompletionSource Confirm { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task PublishAsync(IReadOnlyList<StoredEvent> events, CancellationToken cancellationToken)
        {
            foreach (var e in events)
            {
                Begun.Enqueue(((RunTraining)e.Data!).TaskId!);
            }

            if (events.Any(e => e.StreamId == streamId))
            {
                await Confirm.Task.WaitAsync(cancellationToken);
            }
        }
    }

    private sealed class CountingLog : ILogger<Relay>
    {
        public ConcurrentQueue<string> Messages { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Messages.Enqueue(formatter(state, exception));
    }
}
