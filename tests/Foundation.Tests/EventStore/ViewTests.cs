using EventMl.EventStore;
using Npgsql;

namespace EventMl.Foundation.Tests.EventStore;

public sealed class ViewTests
{
    private static readonly DateTimeOffset _at = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Equals_the_fold_when_many_events_were_appended()
    {
        await using var db = await TestLedger.CreateAsync();
        await AppendRandomAsync(db, seed: 7);

        foreach (var id in await IdsAsync(db))
        {
            var events = await db.Ledger.ReadStreamAsync($"counter-{id}", cancellationToken: Ct);
            var fold = db.View.Fold(events);
            var live = await db.View.GetAsync(id, Ct);
            live?.Row.ShouldBe(fold);
            (live is null).ShouldBe(fold is null);
            if (live is not null)
            {
                live.Version.ShouldBe(events[^1].Version);
            }
        }
    }

    [Fact]
    public async Task Equals_the_live_table_when_rebuilt_by_position()
    {
        await using var db = await TestLedger.CreateAsync();
        await AppendRandomAsync(db, seed: 11);
        await db.AppendAsMartenAsync("counter-1", 5);
        await db.AppendAsync("counter-1", (await db.Ledger.LoadAsync<Counter>("1", Ct)).Version, new CounterRaised(1, _at));
        await db.SequenceAsync();
        await db.ExecuteAsync("create schema rebuilt; create table rebuilt.counter_view (like counting.counter_view including all)");
        var rebuilt = new RebuiltView(db.DataSource);
        var follower = new LedgerFollower(db.Ledger, "rebuild-counter");

        while (await follower.AdvanceAsync([rebuilt], 5, Ct) > 0)
        {
        }

        (await db.ScalarAsync<long>("select count(*) from counting.counter_view")).ShouldBeGreaterThan(3);
        (await db.ScalarAsync<long>("""
            select count(*) from ((table counting.counter_view except table rebuilt.counter_view)
              union all (table rebuilt.counter_view except table counting.counter_view)) difference
            """)).ShouldBe(0);
    }

    [Fact]
    public async Task Catches_up_when_another_writer_appended_around_it()
    {
        await using var db = await TestLedger.CreateAsync();
        await db.AppendAsync("counter-1", 0, new CounterRaised(1, _at));
        await db.AppendAsMartenAsync("counter-1", 10);
        await db.AppendAsMartenAsync("counter-1", 20);
        (await db.View.GetAsync("1", Ct))!.Version.ShouldBe(1);

        await db.AppendAsync("counter-1", 3, new CounterRaised(2, _at));

        (await db.View.GetAsync("1", Ct)).ShouldBe(new ViewRow<CounterRow>("1", 4, new CounterRow(33, 4, null)));
    }

    [Fact]
    public async Task Catches_up_by_position_when_nobody_appends_any_more()
    {
        await using var db = await TestLedger.CreateAsync();
        await db.AppendAsMartenAsync("counter-1", 10);
        await db.AppendAsMartenAsync("counter-2", 20);
        await db.SequenceAsync();
        var follower = new LedgerFollower(db.Ledger, "views");

        (await follower.AdvanceAsync(db.Views, 100, Ct)).ShouldBe(2);
        (await follower.AdvanceAsync(db.Views, 100, Ct)).ShouldBe(0);

        (await db.View.GetAsync("2", Ct))!.Row.Total.ShouldBe(20);
    }

    [Fact]
    public async Task Handles_each_event_once_when_the_handler_fails_in_between()
    {
        await using var db = await TestLedger.CreateAsync();
        await db.AppendAsync("counter-1", 0, new CounterRaised(1, _at), new CounterRaised(2, _at));
        await db.SequenceAsync();
        await db.ExecuteAsync("create table seen (seq_id bigint)");
        var follower = new LedgerFollower(db.Ledger, "seen");
        async Task Note(LedgerTransaction t, IReadOnlyList<StoredEvent> events, bool fail)
        {
            await using var note = t.Command("insert into seen values ($1)", new NpgsqlParameter { Value = events[0].SeqId });
            await note.ExecuteNonQueryAsync(Ct);
            if (fail)
            {
                throw new IOException("half way");
            }
        }

        await Should.ThrowAsync<IOException>(() => follower.AdvanceAsync((t, e, _) => Note(t, e, fail: true), 1, Ct));
        await follower.AdvanceAsync((t, e, _) => Note(t, e, fail: false), 1, Ct);
        await follower.AdvanceAsync((t, e, _) => Note(t, e, fail: false), 1, Ct);

        (await db.ScalarAsync<long[]>("select array_agg(seq_id order by seq_id) from seen")).ShouldBe([1L, 2L]);
    }

    [Fact]
    public async Task Shows_no_row_when_the_fold_ends_in_nothing()
    {
        await using var db = await TestLedger.CreateAsync();
        await db.AppendAsync("counter-1", 0, new CounterRaised(1, _at));
        await db.AppendAsync("counter-1", 1, new CounterNoted("hide"));
        (await db.View.GetAsync("1", Ct)).ShouldBeNull();

        await db.AppendAsync("counter-1", 2, new CounterRaised(5, _at));

        (await db.View.GetAsync("1", Ct))!.Row.Total.ShouldBe(5);
    }

    [Fact]
    public async Task Lists_every_row_once_when_paged()
    {
        await using var db = await TestLedger.CreateAsync(new SetClock(_at));
        for (var i = 0; i < 7; i++)
        {
            await db.AppendAsync($"counter-{i}", 0, new CounterRaised(i, _at));
        }

        var seen = new List<string>();
        string? next = null;
        do
        {
            (var rows, next) = await db.View.ListAsync(3, next, Ct);
            seen.AddRange(rows.Select(r => r.Id));
        }
        while (next is not null);

        seen.ShouldBe(["0", "1", "2", "3", "4", "5", "6"]);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("%%%")]
    [InlineData("OTk5OTk5OTk5OTk5OTk5OTk5OTk5OSAx")]
    [InlineData("LTUgMQ")]
    public async Task Says_so_when_a_page_token_is_not_its_own(string token)
    {
        await using var db = await TestLedger.CreateAsync();

        (await Should.ThrowAsync<FormatException>(() => db.View.ListAsync(3, token, Ct))).Message.ShouldContain("page token");
    }

    private static async Task AppendRandomAsync(TestLedger db, int seed)
    {
        var random = new Random(seed);
        var versions = new int[6];
        for (var i = 0; i < 60; i++)
        {
            var id = random.Next(versions.Length);
            object[] events = random.Next(6) switch
            {
                0 => [new CounterNoted("hide")],
                1 => [new CounterNoted($"n\0{i}\ud800")],
                2 => [new CounterRaised(i, _at.AddTicks(i)), new CounterNoted("both")],
                _ => [new CounterRaised(i, _at)],
            };
            await db.AppendAsync($"counter-{id}", versions[id], events);
            versions[id] += events.Length;
        }
    }

    private static async Task<string[]> IdsAsync(TestLedger db) => await db.ScalarAsync<string[]>("select array_agg(substr(id, 9)) from ledger.mt_streams");

    private sealed class RebuiltView(NpgsqlDataSource dataSource) : View<CounterRow>(dataSource, "rebuilt", "counter_view", "counter")
    {
        private readonly CounterView _live = new(dataSource);

        public override CounterRow? Apply(CounterRow? row, StoredEvent @event) => _live.Apply(row, @event);
    }
}
