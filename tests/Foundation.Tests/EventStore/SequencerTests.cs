using EventMl.EventStore;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace EventMl.Foundation.Tests.EventStore;

public sealed class SequencerTests
{
    private static readonly DateTimeOffset _at = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Loses_nothing_and_inverts_no_stream_when_a_transaction_stays_open_while_hundreds_commit()
    {
        await using var db = await TestLedger.CreateAsync(change: o => o with { BatchSize = 7 });
        await using var held = await db.Ledger.BeginAsync(Ct);
        await held.AppendAsync("counter-held", "counter", 0, [new CounterRaised(1, _at), new CounterRaised(1, _at)], TestLedger.Metadata, Ct);
        using var written = new CancellationTokenSource();
        var sequencing = Task.Run(async () =>
        {
            while (!written.IsCancellationRequested)
            {
                await db.SequenceAsync();
            }
        }, Ct);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(w => Task.Run(async () =>
        {
            for (var i = 0; i < 40; i++)
            {
                await db.AppendAsync($"counter-{w % 4}{w}", i, new CounterRaised(1, _at));
            }
        }, Ct)));
        await written.CancelAsync();
        await sequencing;
        await db.SequenceAsync();
        var before = await db.Ledger.HeadAsync(Ct);
        await held.CommitAsync(Ct);
        await db.SequenceAsync();

        before.ShouldBe(320);
        var events = await db.Ledger.ReadForwardAsync(0, 1000, Ct);
        events.Select(e => e.Position!.Value).ShouldBe(Enumerable.Range(1, 322).Select(i => (long)i));
        events.TakeLast(2).Select(e => e.StreamId).ShouldBe(["counter-held", "counter-held"]);
        foreach (var stream in events.GroupBy(e => e.StreamId))
        {
            stream.Select(e => e.Version).ShouldBe(Enumerable.Range(1, stream.Count()).Select(i => (long)i));
        }

        (await db.ScalarAsync<long>("select count(*) from ledger.eml_pending")).ShouldBe(0);
    }

    [Fact]
    public async Task Reads_on_from_any_position_when_asked_in_pages()
    {
        await using var db = await TestLedger.CreateAsync();
        await db.AppendAsync("counter-1", 0, [.. Enumerable.Range(0, 10).Select(i => (object)new CounterRaised(i, _at))]);
        await db.SequenceAsync();

        var pages = new List<long>();
        for (IReadOnlyList<StoredEvent> page; (page = await db.Ledger.ReadForwardAsync(pages.LastOrDefault(), 3, Ct)).Count > 0;)
        {
            pages.AddRange(page.Select(e => e.Position!.Value));
        }

        pages.ShouldBe(Enumerable.Range(1, 10).Select(i => (long)i));
    }

    [Fact]
    public async Task Keeps_ledger_time_monotone_when_the_clock_goes_back()
    {
        var clock = new SetClock(_at);
        await using var db = await TestLedger.CreateAsync(clock);
        await db.AppendAsync("counter-1", 0, new CounterRaised(1, _at));
        await db.SequenceAsync();
        clock.Time = _at.AddHours(-1);
        await db.AppendAsync("counter-1", 1, new CounterRaised(1, _at));
        await db.SequenceAsync();

        var events = await db.Ledger.ReadForwardAsync(0, 10, Ct);

        events.Select(e => e.PositionedAt).ShouldBe([_at, _at]);
        events[1].Timestamp.ShouldBe(_at.AddHours(-1));
    }

    [Fact]
    public async Task Gives_the_same_position_for_an_instant_when_asked_before_and_after_more_events()
    {
        var clock = new SetClock(_at);
        await using var db = await TestLedger.CreateAsync(clock);
        for (var i = 0; i < 9; i++)
        {
            await db.AppendAsync("counter-1", i, new CounterRaised(1, _at));
            await db.SequenceAsync();
            clock.Time += TimeSpan.FromMinutes(1);
        }

        var now = await db.Ledger.PositionAtAsync(clock.Time, Ct);
        var atNow = await db.Ledger.LoadAtAsync<Counter>("1", now, Ct);
        await db.AppendAsync("counter-1", 9, new CounterRaised(1, _at));
        await db.SequenceAsync();

        now.ShouldBe(9);
        (await db.Ledger.PositionAtAsync(clock.Time, Ct)).ShouldBe(9);
        (await db.Ledger.PositionAtAsync(_at.AddTicks(-10), Ct)).ShouldBe(0);
        (await db.Ledger.PositionAtAsync(_at, Ct)).ShouldBe(1);
        (await db.Ledger.PositionAtAsync(_at.AddSeconds(150), Ct)).ShouldBe(3);
        (await db.Ledger.HeadAsync(Ct)).ShouldBe(10);
        (await db.Ledger.LoadAtAsync<Counter>("1", 3, Ct)).State.Total.ShouldBe(3);
        (await db.Ledger.LoadAtAsync<Counter>("1", now, Ct)).ShouldBe(atNow);
        (await db.Ledger.ReadStreamAtAsync("counter-1", 2, Ct)).Select(e => e.Position).ShouldBe([1L, 2L]);
    }

    [Fact]
    public async Task Does_not_move_ledger_time_when_asked_for_the_far_future()
    {
        await using var db = await TestLedger.CreateAsync();

        await db.ScalarAsync<long>("select ledger.eml_position_at('2999-01-01')");

        (await db.ScalarAsync<bool>("select at < clock_timestamp() + interval '1 minute' from ledger.eml_head")).ShouldBeTrue();
    }

    [Fact]
    public async Task Writes_nothing_when_the_leader_was_stopped_and_another_took_over()
    {
        await using var db = await TestLedger.CreateAsync(change: o => o with { LeaseTime = TimeSpan.FromMilliseconds(500) });
        var stopped = new LeaderLease(db.DataSource, db.Options, Sequencer.LeaseName);
        var next = new LeaderLease(db.DataSource, db.Options, Sequencer.LeaseName);
        (await stopped.AcquireAsync(Ct)).ShouldBeTrue();
        (await next.AcquireAsync(Ct)).ShouldBeFalse();

        await Wait.UntilAsync(() => next.AcquireAsync(Ct), "take-over", seconds: 5);
        await db.AppendAsync("counter-1", 0, new CounterRaised(1, _at));

        stopped.IsHeld.ShouldBeFalse();
        (await stopped.RenewAsync(Ct)).ShouldBeFalse();
        (await Sequencer.SequenceAsync(db.DataSource, db.Options, _at, stopped.Epoch, Ct)).ShouldBe(-1);
        (await db.Ledger.HeadAsync(Ct)).ShouldBe(0);
        next.Epoch.ShouldBe(stopped.Epoch + 1);
        (await Sequencer.SequenceAsync(db.DataSource, db.Options, _at, next.Epoch, Ct)).ShouldBe(1);
        await stopped.ReleaseAsync(Ct);
        (await next.RenewAsync(Ct)).ShouldBeTrue();
    }

    [Fact]
    public async Task Writes_nothing_when_it_polls_an_idle_ledger()
    {
        await using var db = await TestLedger.CreateAsync();
        (await db.SequencerLease.AcquireAsync(Ct)).ShouldBeTrue();
        await using var connection = await db.DataSource.OpenConnectionAsync(Ct);
        await using var poll = new NpgsqlCommand($"begin; select ledger.eml_sequence(1, now(), {db.SequencerLease.Epoch}); select pg_current_xact_id_if_assigned()::text; ", connection);
        await using var reader = await poll.ExecuteReaderAsync(Ct);

        (await reader.ReadAsync(Ct)).ShouldBeTrue();
        reader.GetInt32(0).ShouldBe(0);
        (await reader.NextResultAsync(Ct)).ShouldBeTrue();
        (await reader.ReadAsync(Ct)).ShouldBeTrue();
        (await reader.IsDBNullAsync(0, Ct)).ShouldBeTrue();
    }

    [Fact]
    public async Task Takes_over_within_five_seconds_when_a_leader_died_without_a_word()
    {
        await using var db = await TestLedger.CreateAsync();
        var dead = new LeaderLease(db.DataSource, db.Options, Sequencer.LeaseName);
        (await dead.AcquireAsync(Ct)).ShouldBeTrue();
        using var sequencer = Start(db, db.Signal);
        await sequencer.StartAsync(Ct);

        await db.AppendAsync("counter-1", 0, new CounterRaised(1, _at));

        await Wait.UntilAsync(async () => await db.Ledger.HeadAsync(Ct) == 1, "take-over", seconds: 5);
        await sequencer.StopAsync(Ct);
        (await dead.AcquireAsync(Ct)).ShouldBeTrue("a leader that stops in order releases its lease");
    }

    [Fact]
    public async Task Wakes_by_notification_when_another_process_appends()
    {
        await using var db = await TestLedger.CreateAsync(change: o => o with { PollInterval = TimeSpan.FromSeconds(10) });
        using var sequencer = Start(db, new LedgerSignal());
        await sequencer.StartAsync(Ct);
        using var notifier = new LedgerNotifier(db.DataSource, db.Options, db.Signal);
        await notifier.StartAsync(Ct);
        await Wait.UntilAsync(() => db.ScalarAsync<bool>("select exists (select from pg_stat_activity where query = 'listen ledger_appended')"), "listening");

        await db.AppendAsync("counter-1", 0, new CounterRaised(1, _at));

        await Wait.UntilAsync(async () => await db.Ledger.HeadAsync(Ct) == 1, "wake-up", seconds: 5);
        await notifier.StopAsync(Ct);
        await sequencer.StopAsync(Ct);
    }

    [Fact]
    public async Task Goes_on_when_the_server_cut_all_connections()
    {
        await using var db = await TestLedger.CreateAsync();
        using var sequencer = Start(db, db.Signal);
        await sequencer.StartAsync(Ct);
        await db.AppendAsync("counter-1", 0, new CounterRaised(1, _at));
        await Wait.UntilAsync(async () => await db.Ledger.HeadAsync(Ct) == 1, "first event");

        await db.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
        await Wait.UntilAsync(() => SucceedsAsync(() => db.AppendAsync("counter-2", 0, new CounterRaised(1, _at))), "append");

        await Wait.UntilAsync(async () => await db.Ledger.HeadAsync(Ct) == 2, "second event", seconds: 5);
        await sequencer.StopAsync(Ct);
    }

    private static async Task<bool> SucceedsAsync(Func<Task> action)
    {
        try
        {
            await action();
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private static Sequencer Start(TestLedger db, LedgerSignal signal) => new(db.DataSource, db.Options, db.Clock, signal, NullLogger<Sequencer>.Instance);
}

internal sealed class SetClock(DateTimeOffset time) : TimeProvider
{
    public DateTimeOffset Time { get; set; } = time;

    public override DateTimeOffset GetUtcNow() => Time;
}
