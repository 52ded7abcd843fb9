using EventMl.EventStore;

namespace EventMl.Foundation.Tests.EventStore;

public sealed class LedgerTests
{
    private static readonly DateTimeOffset _at = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reads_back_what_was_appended_when_the_stream_is_new()
    {
        await using var db = await TestLedger.CreateAsync();

        var appended = await db.AppendAsync("counter-a-b", 0, new CounterRaised(2, _at), new CounterRaised(3, _at));
        var read = await db.Ledger.ReadStreamAsync("counter-a-b", cancellationToken: Ct);

        read.Select(e => e.Version).ShouldBe([1, 2]);
        read.Select(e => e.Data).ShouldBe([new CounterRaised(2, _at), new CounterRaised(3, _at)]);
        read.Select(e => e.Id).ShouldBe(appended.Select(e => e.Id));
        read.Select(e => e.SeqId).ShouldBe(appended.Select(e => e.SeqId));
        read[0].Timestamp.ShouldBe(appended[0].Timestamp);
        read[0].Type.ShouldBe("counter_raised");
        read[0].CorrelationId.ShouldBe("corr-1");
        read[0].CausationId.ShouldBe("caus-1");
        read[0].Header("actor").ShouldBe("ann");
        read[0].Header("source").ShouldBe("rest");
        read[0].Header("traceparent").ShouldBeNull();
        read[0].Position.ShouldBeNull();
    }

    [Fact]
    public async Task Refuses_when_the_stream_has_moved_on()
    {
        await using var db = await TestLedger.CreateAsync();
        await db.AppendAsync("counter-1", 0, new CounterRaised(1, _at));
        await using var transaction = await db.Ledger.BeginAsync(Ct);

        await Should.ThrowAsync<LedgerConflictException>(() => transaction.AppendAsync("counter-1", "counter", 0, [new CounterRaised(1, _at)], TestLedger.Metadata));
    }

    [Fact]
    public async Task Loses_nothing_and_leaves_no_gap_when_sixteen_writers_race()
    {
        await using var db = await TestLedger.CreateAsync();
        var conflicts = 0;

        async Task Write()
        {
            for (var done = 0; done < 10;)
            {
                await using var transaction = await db.Ledger.BeginAsync();
                var loaded = await transaction.PeekAsync<Counter>("race");
                try
                {
                    await transaction.AppendAsync(loaded, [new CounterRaised(1, _at)], TestLedger.Metadata);
                    await transaction.CommitAsync();
                    done++;
                }
                catch (LedgerConflictException)
                {
                    Interlocked.Increment(ref conflicts);
                }
            }
        }

        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(Write, Ct)));

        conflicts.ShouldBeGreaterThan(0);
        var events = await db.Ledger.ReadStreamAsync("counter-race", cancellationToken: Ct);
        events.Select(e => e.Version).ShouldBe(Enumerable.Range(1, 160).Select(i => (long)i));
        events.Select(e => e.SeqId).ShouldBe(Enumerable.Range(1, 160).Select(i => (long)i));
        (await db.View.GetAsync("race", Ct))!.Row.Total.ShouldBe(160);
    }

    [Fact]
    public async Task Appends_every_decision_when_writers_lock_and_retry()
    {
        await using var db = await TestLedger.CreateAsync();

        await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => db.Ledger.InTransactionAsync(async t =>
        {
            var counter = await t.LoadAsync<Counter>("shared");
            return await t.AppendAsync(counter, [new CounterRaised(1, _at)], TestLedger.Metadata);
        }, Ct)));

        (await db.Ledger.LoadAsync<Counter>("shared", Ct)).ShouldBe(new Loaded<Counter>("counter-shared", new Counter(40), 40));
    }

    [Fact]
    public async Task Keeps_nothing_when_the_transaction_is_not_committed()
    {
        await using var db = await TestLedger.CreateAsync();
        await using (var transaction = await db.Ledger.BeginAsync(Ct))
        {
            await transaction.AppendAsync("counter-1", "counter", 0, [new CounterRaised(1, _at)], TestLedger.Metadata, Ct);
        }

        (await db.Ledger.ReadStreamAsync("counter-1", cancellationToken: Ct)).ShouldBeEmpty();
        (await db.View.GetAsync("1", Ct)).ShouldBeNull();
    }

    [Theory]
    [InlineData("counter")]
    [InlineData("-1")]
    [InlineData("counter-")]
    [InlineData("counter-\0")]
    [InlineData("counter-?")]
    public async Task Says_what_a_stream_id_is_when_it_is_not_one(string streamId)
    {
        await using var db = await TestLedger.CreateAsync();

        // Attributes cannot hold half a character.
        var error = await Should.ThrowAsync<ArgumentException>(() => db.AppendAsync(streamId.Replace('?', '\ud800'), 0, new CounterRaised(1, _at)));

        error.Message.ShouldContain("<category>-<id>");
    }

    [Fact]
    public async Task Holds_a_name_for_one_stream_when_two_ask()
    {
        await using var db = await TestLedger.CreateAsync();
        Task<bool> Take(string stream) => db.Ledger.InTransactionAsync(t => t.TakeNameAsync("training", "nightly", stream), Ct);

        (await Take("a-1")).ShouldBeTrue();
        (await Take("a-1")).ShouldBeTrue();
        (await Take("a-2")).ShouldBeFalse();
        await db.Ledger.InTransactionAsync(async t =>
        {
            await t.ReleaseNameAsync("training", "nightly", "a-2");
            return 0;
        }, Ct);
        (await Take("a-2")).ShouldBeFalse();
        await db.Ledger.InTransactionAsync(async t =>
        {
            await t.ReleaseNameAsync("training", "nightly", "a-1");
            return 0;
        }, Ct);
        (await Take("a-2")).ShouldBeTrue();
    }

    [Fact]
    public async Task Accepts_what_jsonb_refuses_when_texts_are_dirty()
    {
        await using var db = await TestLedger.CreateAsync();
        var extra = System.Text.Json.JsonDocument.Parse("""{"a\ud800b": "x\u0000y\udc00", "n": 1e400, "m": 0.10}""").RootElement;

        await db.Ledger.InTransactionAsync(t => t.AppendAsync(
            "counter-1", "counter", 0, [new CounterNoted("a\0b\ud800c", extra), new CounterRaised(1, _at.AddTicks(7))], TestLedger.Metadata with { Actor = "a\0nn", CausationId = "\ud800" }), Ct);

        var read = await db.Ledger.ReadStreamAsync("counter-1", cancellationToken: Ct);
        read[0].Json.ShouldBe("""{"Text": "ab�c", "Extra": {"m": 0.10, "n": null, "a�b": "xy�"}}""");
        read[1].Data.ShouldBe(new CounterRaised(1, _at));
        read[0].Header("actor").ShouldBe("ann");
        read[0].CausationId.ShouldBe("�");
    }
}
