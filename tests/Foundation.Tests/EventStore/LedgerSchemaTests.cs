using EventMl.EventStore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace EventMl.Foundation.Tests.EventStore;

public sealed class LedgerSchemaTests
{
    private static readonly DateTimeOffset _at = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ends_the_same_when_many_hosts_declare_at_once()
    {
        await using var one = await TestLedger.CreateAsync();
        await using var two = await TestLedger.CreateAsync();
        var area = $"race{Contracts.Ids.New():N}"[..30];

        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => (i % 2 == 0 ? one : two).DeclareAsync(new CategoryOwner(area, "counter", "other"))));

        (await one.ScalarAsync<bool>("select count(*) = max(version) and count(*) > 2 from ledger.eml_schema")).ShouldBeTrue();
        (await two.ScalarAsync<string[]>("select array_agg(category order by category) from ledger.eml_category")).ShouldBe(["counter", "other"]);
        await one.ExecuteAsync($"drop owned by eventml_{area}");
        await two.ExecuteAsync($"drop owned by eventml_{area}; drop role eventml_{area}");
    }

    [Fact]
    public async Task Uses_the_configured_schema_when_it_is_not_the_default()
    {
        await using var db = await TestLedger.CreateAsync(change: o => o with { Schema = "other" });

        await db.AppendAsync("counter-1", 0, new CounterRaised(1, _at));
        await db.SequenceAsync();

        (await db.Ledger.HeadAsync(Ct)).ShouldBe(1);
        (await db.ScalarAsync<bool>("select to_regnamespace('ledger') is null")).ShouldBeTrue();
    }

    [Fact]
    public async Task Says_which_script_when_an_applied_one_has_changed()
    {
        await using var db = await TestLedger.CreateAsync();
        await db.ExecuteAsync("update ledger.eml_schema set sha256 = 'x' where version = 2");

        var error = await Should.ThrowAsync<LedgerSchemaException>(() => db.DeclareAsync());

        error.Message.ShouldContain("002-platform.sql");
        (await LedgerSchema.IsDeclaredAsync(db.DataSource, db.Options, Ct)).ShouldBeFalse();
    }

    [Fact]
    public async Task Knows_whether_it_is_declared_when_asked()
    {
        await using var db = await TestLedger.CreateAsync();

        (await LedgerSchema.IsDeclaredAsync(db.DataSource, db.Options, Ct)).ShouldBeTrue();
        (await LedgerSchema.IsDeclaredAsync(db.DataSource, db.Options with { Schema = "elsewhere" }, Ct)).ShouldBeFalse();
    }

    [Theory]
    [InlineData("area-x", "counter")]
    [InlineData("area", "model-version")]
    [InlineData("area; drop schema ledger", "counter")]
    public async Task Refuses_names_when_they_cannot_work(string area, string category)
    {
        await using var db = await TestLedger.CreateAsync();

        await Should.ThrowAsync<LedgerSchemaException>(() => db.DeclareAsync(new CategoryOwner(area, category)));
    }

    [Fact]
    public async Task Lets_a_role_append_when_the_category_is_its_own()
    {
        await using var db = await TestLedger.CreateAsync();
        await db.DeclareAsync(new CategoryOwner("counting", "counter"));
        await using var connections = AsRole(db, "eventml_counting");
        var ledger = db.Open(connections);
        await db.AppendAsync("model-1", 0, new CounterRaised(1, _at));

        await ledger.InTransactionAsync(async t =>
        {
            (await t.TakeNameAsync("counting", "n", "counter-1", Ct)).ShouldBeTrue();
            return await t.AppendAsync(await t.LoadAsync<Counter>("1", Ct), [new CounterRaised(1, _at)], TestLedger.Metadata, Ct);
        }, Ct);
        await ledger.InTransactionAsync(async t => await t.AppendAsync(await t.LoadAsync<Counter>("1", Ct), [new CounterRaised(2, _at)], TestLedger.Metadata, Ct), Ct);

        (await db.ScalarAsync<string>("select current_user::text")).ShouldNotBe("eventml_counting");
        (await db.View.GetAsync("1", Ct))!.Row.Total.ShouldBe(3);
        (await ledger.ReadStreamAsync("model-1", cancellationToken: Ct)).Count.ShouldBe(1);
        (await ledger.PositionAtAsync(_at, Ct)).ShouldBe(0);
    }

    [Theory]
    [InlineData("select ledger.mt_quick_append_events('model-1','m','*DEFAULT*','{0195b8a2-0000-7000-8000-000000000000}','{x}','{x}','{\"{}\"}','{null}','{null}','{null}','{null}','{null}','{now}')")]
    [InlineData("insert into ledger.mt_streams(id, version) values ('model-1', 0)")]
    [InlineData("update ledger.mt_streams set version = 9")]
    [InlineData("update ledger.mt_events set data = '{}'")]
    [InlineData("delete from ledger.mt_events")]
    [InlineData("truncate ledger.mt_streams cascade")]
    [InlineData("insert into ledger.eml_pending values (99, array[99])")]
    [InlineData("insert into ledger.eml_category values ('model', 'eventml_counting')")]
    [InlineData("update ledger.eml_head set position = 0")]
    [InlineData("select ledger.eml_sequence(1, now(), 1)")]
    public async Task Refuses_a_role_when_it_reaches_beyond_its_own(string sql)
    {
        await using var db = await TestLedger.CreateAsync();
        await db.DeclareAsync(new CategoryOwner("counting", "counter"));
        await db.AppendAsync("other-1", 0, new CounterRaised(1, _at));
        await using var connections = AsRole(db, "eventml_counting");
        await using var command = connections.CreateCommand(sql);

        (await Should.ThrowAsync<PostgresException>(() => command.ExecuteNonQueryAsync(Ct))).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    [Theory]
    [InlineData("truncate ledger.mt_events")]
    [InlineData("truncate ledger.mt_streams cascade")]
    [InlineData("truncate ledger.eml_position")]
    public async Task Refuses_truncate_when_even_the_owner_asks(string sql)
    {
        await using var db = await TestLedger.CreateAsync();

        (await Should.ThrowAsync<PostgresException>(() => db.ExecuteAsync(sql))).Message.ShouldContain("never truncated");
    }

    private static NpgsqlDataSource AsRole(TestLedger db, string role) => LedgerServices.CreateDataSource(db.Options with
    {
        ConnectionString = new NpgsqlConnectionStringBuilder(db.Options.ConnectionString) { Options = $"-c role={role}" }.ConnectionString,
    });
}
