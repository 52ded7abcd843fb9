using EventMl.EventStore;

namespace EventMl.Foundation.Tests.EventStore;

public sealed class TimeTravelTests
{
    private static readonly DateTimeOffset _at = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(3)]
    [InlineData(14)]
    [InlineData(159)]
    public async Task Every_way_to_read_agrees_when_histories_are_random(int seed)
    {
        var clock = new SetClock(_at);
        await using var db = await TestLedger.CreateAsync(clock);
        var random = new Random(seed);
        var history = new List<(string Stream, object Event)>();
        var shown = new List<(DateTimeOffset At, int Events)>();
        for (var i = 0; i < 60; i++)
        {
            var stream = $"counter-{random.Next(7)}";
            object[] events = random.Next(6) switch
            {
                0 => [new CounterNoted("hide")],
                1 => [new CounterRaised(i, _at), new CounterNoted($"n{i}")],
                _ => [new CounterRaised(i, _at)],
            };
            await db.AppendAsync(stream, history.Count(h => h.Stream == stream), events);
            history.AddRange(events.Select(e => (stream, e)));
            if (random.Next(3) == 0)
            {
                await db.SequenceAsync();
                shown.Add((clock.Time, history.Count));
                clock.Time += TimeSpan.FromSeconds(random.Next(1, 90));
            }
        }

        await db.SequenceAsync();
        foreach (var (at, events) in shown.OrderBy(_ => random.Next()).Take(12).Append((clock.Time, history.Count)))
        {
            var position = await db.Ledger.PositionAtAsync(at, Ct);
            position.ShouldBe(events);
            var past = new PastView<CounterRow>(db.Ledger, db.View, position);
            var expected = Fold(history.Take(events));
            (await ListAsync(past, random.Next(1, 4))).ShouldBe(expected);
            foreach (var (id, row) in expected)
            {
                (await past.GetAsync(id, Ct))!.Row.ShouldBe(row);
            }

            (await db.Ledger.LoadAtAsync<Counter>("1", position, Ct)).State.Total.ShouldBe(
                history.Take(events).Where(h => h.Stream == "counter-1").Sum(h => (h.Event as CounterRaised)?.Amount ?? 0));
        }

        var now = Fold(history);
        (await ListAsync(db.View, 3)).ShouldBe(now);
        (await new ViewRebuild(db.Ledger).RunAsync(db.View, Ct)).Changed.ShouldBe(0);
        (await ListAsync(db.View, 3)).ShouldBe(now);
    }

    [Fact]
    public async Task Shows_what_was_there_when_it_is_hidden_now()
    {
        await using var db = await TestLedger.CreateAsync();
        await db.AppendAsync("counter-a", 0, new CounterRaised(1, _at));
        await db.AppendAsync("counter-a", 1, new CounterNoted("hide"));
        await db.AppendAsync("counter-b", 0, new CounterRaised(2, _at));
        await db.SequenceAsync();

        (await ListAsync(new PastView<CounterRow>(db.Ledger, db.View, 1), 10)).Keys.ShouldBe(["a"]);
        (await ListAsync(new PastView<CounterRow>(db.Ledger, db.View, 2), 10)).ShouldBeEmpty();
        (await ListAsync(new PastView<CounterRow>(db.Ledger, db.View, 3), 10)).Keys.ShouldBe(["b"]);
        (await new PastView<CounterRow>(db.Ledger, db.View, 1).GetAsync("b", Ct)).ShouldBeNull();
    }

    [Fact]
    public async Task Refuses_a_token_of_the_live_list_when_the_past_is_asked()
    {
        await using var db = await TestLedger.CreateAsync();
        for (var i = 0; i < 3; i++)
        {
            await db.AppendAsync($"counter-{i}", 0, new CounterRaised(i, _at));
        }

        await db.SequenceAsync();
        var (_, token) = await db.View.ListAsync(2, null, Ct);
        var past = new PastView<CounterRow>(db.Ledger, db.View, 3);

        await Should.ThrowAsync<FormatException>(() => past.ListAsync(2, token, Ct));
        await Should.ThrowAsync<FormatException>(async () => await db.View.ListAsync(2, (await past.ListAsync(2, null, Ct)).Next, Ct));
    }

    [Fact]
    public async Task Hears_the_past_and_the_future_when_it_follows()
    {
        await using var db = await TestLedger.CreateAsync();
        await db.AppendAsync("counter-a", 0, new CounterRaised(1, _at), new CounterRaised(2, _at));
        await db.SequenceAsync();

        await using var following = db.Ledger.FollowAsync(1, TimeSpan.FromMilliseconds(300), Ct).GetAsyncEnumerator(Ct);

        (await following.MoveNextAsync()).ShouldBeTrue();
        following.Current.ShouldHaveSingleItem().Position.ShouldBe(2);
        (await following.MoveNextAsync()).ShouldBeTrue();
        following.Current.ShouldBeEmpty("nothing happened for a while");
        var next = following.MoveNextAsync();
        await db.AppendAsync("counter-a", 2, new CounterRaised(3, _at));
        await db.SequenceAsync();
        (await next).ShouldBeTrue();
        following.Current.ShouldHaveSingleItem().Position.ShouldBe(3);
    }

    private static Dictionary<string, CounterRow> Fold(IEnumerable<(string Stream, object Event)> history) =>
        history.GroupBy(h => h.Stream["counter-".Length..], h => h.Event, StringComparer.Ordinal)
            .Select(g => (g.Key, Row: g.Aggregate((CounterRow?)null, CounterView.After)))
            .Where(r => r.Row is not null)
            .OrderBy(r => r.Key, StringComparer.Ordinal)
            .ToDictionary(r => r.Key, r => r.Row!, StringComparer.Ordinal);

    private static async Task<Dictionary<string, CounterRow>> ListAsync(IViewReader<CounterRow> view, int limit)
    {
        var all = new List<ViewRow<CounterRow>>();
        string? next = null;
        do
        {
            (var rows, next) = await view.ListAsync(limit, next, Ct);
            rows.Count.ShouldBeLessThanOrEqualTo(limit);
            all.AddRange(rows);
        }
        while (next is not null);

        return all.OrderBy(r => r.Id, StringComparer.Ordinal).ToDictionary(r => r.Id, r => r.Row, StringComparer.Ordinal);
    }
}
