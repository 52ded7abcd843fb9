using EventMl.EventStore;
using Npgsql;

namespace EventMl.Foundation.Tests.EventStore;

/// <summary>A process that is stopped in the middle of a transaction.</summary>
public sealed class StoppedProcessTests
{
    private static readonly DateTimeOffset _at = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Loses_its_locks_when_it_begins_locks_and_goes_silent()
    {
        await using var db = await TestLedger.CreateAsync(change: o => o with { IdleTransactionTimeout = TimeSpan.FromSeconds(1) });
        await db.AppendAsync("counter-1", 0, new CounterRaised(1, _at));
        await using var silent = await db.Ledger.BeginAsync(Ct);
        var loaded = await silent.LoadAsync<Counter>("1", Ct);

        // Waits for the lock until the server ends the silent session.
        var start = TimeProvider.System.GetTimestamp();
        await db.Ledger.InTransactionAsync(async t => await t.AppendAsync(await t.LoadAsync<Counter>("1", Ct), [new CounterRaised(2, _at)], TestLedger.Metadata, Ct), Ct);

        TimeProvider.System.GetElapsedTime(start).ShouldBeLessThan(TimeSpan.FromSeconds(30));
        var error = await Should.ThrowAsync<NpgsqlException>(() => silent.AppendAsync(loaded, [new CounterRaised(9, _at)], TestLedger.Metadata, Ct));
        Ledger.IsPassing(error).ShouldBeTrue(error.ToString());
        (await db.View.GetAsync("1", Ct))!.Row.Total.ShouldBe(3);
    }

    [Fact]
    public async Task Waits_no_longer_than_allowed_when_a_statement_meets_a_lock()
    {
        await using var db = await TestLedger.CreateAsync(change: o => o with { StatementTimeout = TimeSpan.FromSeconds(0.5) });
        await db.AppendAsync("counter-1", 0, new CounterRaised(1, _at));
        await using var holder = await db.Ledger.BeginAsync(Ct);
        await holder.LoadAsync<Counter>("1", Ct);
        await using var waiting = await db.Ledger.BeginAsync(Ct);

        var error = await Should.ThrowAsync<PostgresException>(() => waiting.LoadAsync<Counter>("1", Ct));

        error.SqlState.ShouldBe(PostgresErrorCodes.QueryCanceled);
        Ledger.IsPassing(error).ShouldBeTrue();
    }

    [Fact]
    public async Task Keeps_what_the_connection_string_says_when_it_sets_a_limit_itself()
    {
        await using var db = await TestLedger.CreateAsync(change: o => o with
        {
            ConnectionString = new NpgsqlConnectionStringBuilder(o.ConnectionString) { Options = "-c statement_timeout=7s" }.ConnectionString,
        });

        (await db.ScalarAsync<string>("show statement_timeout")).ShouldBe("7s");
        (await db.ScalarAsync<string>("show idle_in_transaction_session_timeout")).ShouldBe("30s");
    }
}
