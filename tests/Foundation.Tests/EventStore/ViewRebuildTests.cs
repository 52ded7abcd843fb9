using EventMl.EventStore;
using Npgsql;

namespace EventMl.Foundation.Tests.EventStore;

public sealed class ViewRebuildTests
{
    private static readonly DateTimeOffset _at = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Loses_nothing_when_writers_and_readers_go_on()
    {
        await using var db = await TestLedger.CreateAsync();
        using var stop = new CancellationTokenSource();
        var rebuilds = 0;
        var writers = Enumerable.Range(0, 6).Select(async writer =>
        {
            var version = 0;
            while (!stop.IsCancellationRequested || version < 20)
            {
                await db.AppendAsync($"counter-{writer}", version++, new CounterRaised(1, _at));
                (await db.View.GetAsync($"{writer}", Ct))!.Version.ShouldBe(version);
            }

            return version;
        }).ToArray();

        for (; rebuilds < 5; rebuilds++)
        {
            var report = await new ViewRebuild(db.Ledger).RunAsync(db.View, Ct);
            report.Changed.ShouldBe(0, "the live view was right");
        }

        await stop.CancelAsync();
        var versions = await Task.WhenAll(writers);
        for (var writer = 0; writer < versions.Length; writer++)
        {
            (await db.View.GetAsync($"{writer}", Ct)).ShouldBe(new ViewRow<CounterRow>($"{writer}", versions[writer], new CounterRow(versions[writer], versions[writer], null)));
        }

        (await db.ScalarAsync<long>("select count(*) from pg_namespace where nspname like '%rebuild%'")).ShouldBe(0, "nothing is left behind");
    }

    [Fact]
    public async Task Puts_right_what_somebody_has_changed_and_says_how_much()
    {
        await using var db = await TestLedger.CreateAsync();
        for (var i = 0; i < 4; i++)
        {
            await db.AppendAsync($"counter-{i}", 0, new CounterRaised(i, _at));
        }

        await db.AppendAsync("counter-gone", 0, new CounterRaised(1, _at));
        await db.AppendAsync("counter-gone", 1, new CounterNoted("hide"));
        await db.ExecuteAsync("""
            update counting.counter_view set data = '{}' where id = '0';
            delete from counting.counter_view where id = '1';
            insert into counting.counter_view values ('never', 1, '{}', now(), now());
            """);

        var report = await new ViewRebuild(db.Ledger).RunAsync(db.View, Ct);

        report.ShouldBe(new ViewRebuildReport("counting.counter_view", 5, 6, 4, 3, report.Elapsed));
        (await db.View.GetAsync("1", Ct))!.Row.Total.ShouldBe(1);
        (await db.View.GetAsync("never", Ct)).ShouldBeNull();
    }

    [Fact]
    public async Task Leaves_rights_and_indexes_as_they_were()
    {
        const string Indexes = "select string_agg(indexdef, ';' order by indexname) from pg_indexes where schemaname = 'counting'";
        const string Rights = "select string_agg(grantee || ' ' || privilege_type, ';' order by grantee, privilege_type) from information_schema.role_table_grants where table_schema = 'counting'";
        await using var db = await TestLedger.CreateAsync();
        await db.DeclareAsync(new CategoryOwner("counting", "counter"));
        await db.ExecuteAsync("create index counter_view_total on counting.counter_view ((data->>'Total'))");
        await db.AppendAsync("counter-1", 0, new CounterRaised(1, _at));
        var before = (await db.ScalarAsync<string>(Indexes), await db.ScalarAsync<string>(Rights));

        await new ViewRebuild(db.Ledger).RunAsync(db.View, Ct);

        (await db.ScalarAsync<string>(Indexes), await db.ScalarAsync<string>(Rights)).ShouldBe(before);
        await db.DeclareAsync(new CategoryOwner("counting", "counter"));
        (await db.ScalarAsync<string>(Indexes)).ShouldBe(before.Item1, "a later declaration makes no second index");
    }

    [Fact]
    public async Task Leaves_the_live_view_alone_when_an_event_cannot_be_read()
    {
        await using var db = await TestLedger.CreateAsync();
        await db.AppendAsync("counter-1", 0, new CounterRaised(1, _at));
        await db.AppendAsync("counter-2", 0, new CounterRaised(2, _at));
        await db.ExecuteAsync("update ledger.mt_events set data = '[]' where stream_id = 'counter-2'");

        (await Should.ThrowAsync<InvalidDataException>(() => new ViewRebuild(db.Ledger).RunAsync(db.View, Ct))).Message.ShouldContain("counter-2");

        (await db.View.GetAsync("2", Ct))!.Row.Total.ShouldBe(2);
        (await db.ScalarAsync<long>("select count(*) from pg_namespace where nspname like '%rebuild%'")).ShouldBe(0);
    }

    [Fact]
    public async Task Gives_up_and_says_so_when_a_writer_never_ends()
    {
        await using var db = await TestLedger.CreateAsync();
        await db.AppendAsync("counter-1", 0, new CounterRaised(1, _at));
        await using var connection = await db.DataSource.OpenConnectionAsync(Ct);
        await using var holding = await connection.BeginTransactionAsync(Ct);
        await using var touch = new NpgsqlCommand("update counting.counter_view set version = version", connection);
        await touch.ExecuteNonQueryAsync(Ct);

        (await Should.ThrowAsync<LedgerConflictException>(() => new ViewRebuild(db.Ledger).RunAsync(db.View, Ct))).Message.ShouldContain("counting.counter_view");

        (await db.View.GetAsync("1", Ct))!.Version.ShouldBe(1);
    }

    [Fact]
    public async Task Publishes_nothing_again()
    {
        await using var db = await TestLedger.CreateAsync();
        await db.AppendAsync("counter-1", 0, new CounterRaised(1, _at));
        await db.SequenceAsync();
        var before = await db.ScalarAsync<string>("select (select position from ledger.eml_head) || ' ' || (select count(*) from ledger.eml_pending) || ' ' || (select count(*) from ledger.mt_events)");

        await new ViewRebuild(db.Ledger).RunAsync(db.View, Ct);

        (await db.ScalarAsync<string>("select (select position from ledger.eml_head) || ' ' || (select count(*) from ledger.eml_pending) || ' ' || (select count(*) from ledger.mt_events)")).ShouldBe(before);
        (await db.Ledger.FollowerPositionAsync("relay", Ct)).ShouldBe(0);
    }
}
