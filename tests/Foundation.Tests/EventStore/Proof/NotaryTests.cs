using EventMl.Contracts.Audit;
using EventMl.EventStore;
using EventMl.EventStore.Proof;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace EventMl.Foundation.Tests.EventStore.Proof;

public sealed class NotaryTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Seals_and_anchors_by_itself_and_then_rests_when_events_come()
    {
        await using var ledger = await SealedLedger.CreateAsync();
        await ledger.AppendAsync(7);
        var options = ledger.Options with { AnchorInterval = TimeSpan.FromSeconds(0.1), PollInterval = TimeSpan.FromMilliseconds(20) };
        using var notary = new Notary(ledger.Db.Ledger, ledger.Db.Options, options, ledger.Anchors, NullLogger<Notary>.Instance);
        await notary.StartAsync(Ct);

        await Wait.UntilAsync(async () => await ledger.Db.ScalarAsync<long>("select count(*) from ledger.eml_root where anchored") == 1, "an anchor");
        await ledger.Db.SequenceAsync();
        await Wait.UntilAsync(async () => await ledger.Db.ScalarAsync<long>("select count(*) from ledger.eml_leaf") == 8, "the leaf of the anchor's own event");

        var told = (await ledger.Db.Ledger.ReadStreamAsync("ledger-anchor", 1, Ct)).ShouldHaveSingleItem().Data.ShouldBeOfType<LedgerAnchored>();
        told.Size.ShouldBe(7);
        // Ten times the interval, watched: its own event makes no further anchor due.
        var watched = TimeProvider.System.GetTimestamp();
        await Wait.UntilAsync(async () =>
        {
            (await ledger.Db.ScalarAsync<long>("select count(*) from ledger.eml_root")).ShouldBe(1);
            return TimeProvider.System.GetElapsedTime(watched) > TimeSpan.FromSeconds(1);
        }, "a second");
        await notary.StopAsync(Ct);
        using var keys = TrustedKeys.Parse(ledger.PublicKey);
        keys.Verify(new SignedHead(TreeHead.Parse(told.Head), told.KeyId, Convert.FromBase64String(told.Signature))).ShouldBeTrue();
        (await ledger.VerifyAsync()).Intact.ShouldBeTrue();
    }

    [Fact]
    public async Task Anchors_after_so_many_events_when_many_come_at_once()
    {
        await using var ledger = await SealedLedger.CreateAsync(change: o => o with { BatchSize = 4 });
        ledger.Options = ledger.Options with { EventsPerAnchor = 10 };
        await ledger.AppendAsync(35);
        await ledger.SealAsync();

        var sizes = await ledger.Anchors.ListAsync(Ct);

        sizes.ShouldBe([12, 24]);
        (await ledger.VerifyAsync()).AnchoredTo.ShouldBe(24);
    }

    [Fact]
    public async Task Writes_nothing_when_it_was_stopped_beyond_its_lease_and_continued()
    {
        await using var ledger = await SealedLedger.CreateAsync();
        await ledger.AppendAsync(5);
        var stopped = await ledger.OpenAsync();
        (await stopped.StepAsync(Ct)).ShouldBe(SealStep.Idle);
        var next = await ledger.OpenAsync();
        await ledger.AppendAsync(3);

        (await stopped.StepAsync(Ct)).ShouldBe(SealStep.Refused);
        (await stopped.AnchorAsync(Ct)).ShouldBeFalse();

        (await ledger.Db.ScalarAsync<long>("select count(*) from ledger.eml_leaf")).ShouldBe(5);
        (await ledger.Db.ScalarAsync<long>("select count(*) from ledger.eml_root")).ShouldBe(0);
        (await ledger.Anchors.ListAsync(Ct)).ShouldBeEmpty();
        (await next.StepAsync(Ct)).ShouldBe(SealStep.Idle);
        (await next.AnchorAsync(Ct)).ShouldBeTrue();
        (await ledger.VerifyAsync()).ShouldSatisfyAllConditions(r => r.Intact.ShouldBeTrue(), r => r.AnchoredTo.ShouldBe(8));
    }

    [Fact]
    public async Task Makes_the_same_anchor_when_it_was_stopped_between_the_root_and_the_lake_and_continued()
    {
        await using var ledger = await SealedLedger.CreateAsync();
        await ledger.AppendAsync(5);
        var lake = new SlowAnchors(ledger.Anchors);
        var stopped = await ledger.OpenAsync(anchors: lake);
        await stopped.StepAsync(Ct);
        var anchoring = stopped.AnchorAsync(Ct);
        await lake.Reached.Task.WaitAsync(TimeSpan.FromSeconds(10), Ct);

        await ledger.OpenAsync();
        var first = await ledger.Anchors.ReadAsync(5, Ct);
        lake.Continue.SetResult();

        (await anchoring).ShouldBeFalse();
        (await ledger.Anchors.ReadAsync(5, Ct)).ShouldBe(first.ShouldNotBeNull());
        (await ledger.Db.Ledger.ReadStreamAsync("ledger-anchor", 1, Ct)).Count.ShouldBe(1);
        await ledger.Db.SequenceAsync();
        (await ledger.VerifyAsync()).Intact.ShouldBeTrue();
    }

    [Fact]
    public async Task Goes_on_when_it_was_killed_with_leaves_not_yet_anchored()
    {
        await using var ledger = await SealedLedger.CreateAsync(change: o => o with { BatchSize = 3 });
        for (var round = 0; round < 4; round++)
        {
            await ledger.AppendAsync(5);
            await ledger.SealAsync();
            ledger.Kill();
            await ledger.AppendAsync(2);
            await ledger.AnchorAsync();
            ledger.Kill();
        }

        var report = await ledger.VerifyAsync();

        report.Findings.ShouldBeEmpty();
        report.Anchors.ShouldBe(4);
        report.Events.ShouldBe(32);
    }

    [Fact]
    public async Task Costs_no_more_than_the_new_leaves_when_it_starts_on_a_long_ledger()
    {
        await using var ledger = await SealedLedger.CreateAsync();
        await ledger.AppendAsync(9);
        await ledger.AnchorAsync();
        ledger.Kill();
        // What is sealed is not read again: the notary goes on though it is gone.
        await ledger.AsSuperuserAsync("delete from ledger.eml_leaf where position < 9");

        await ledger.AppendAsync(3);
        await ledger.AnchorAsync();

        (await ledger.Anchors.ListAsync(Ct)).ShouldBe([9, 13]);
    }

    [Theory]
    [InlineData("delete from ledger.eml_root", "rolled back")]
    [InlineData("delete from ledger.eml_root where size = 8", "rolled back")]
    [InlineData("update ledger.eml_root set root = sha256(root) where size = 8", "not signed")]
    [InlineData("update ledger.eml_root set edge = array[sha256(root)] where size = 8", "does not give its root")]
    [InlineData("update ledger.eml_root set signature = (select signature from ledger.eml_root where size = 4) where size = 8", "not signed")]
    public async Task Refuses_to_sign_when_the_record_is_not_the_signed_one(string change, string problem)
    {
        await using var ledger = await SealedLedger.CreateAsync();
        await ledger.AppendAsync(4);
        await ledger.AnchorAsync();
        await ledger.AppendAsync(3);
        await ledger.AnchorAsync();
        await ledger.AsSuperuserAsync(change);

        var refusal = await Should.ThrowAsync<ProofBrokenException>(() => ledger.OpenAsync());

        refusal.Message.ShouldContain(problem);
    }

    [Fact]
    public async Task Refuses_to_sign_when_an_anchor_is_gone()
    {
        await using var ledger = await SealedLedger.CreateAsync();
        await ledger.AppendAsync(4);
        await ledger.AnchorAsync();
        await ledger.AppendAsync(3);
        await ledger.AnchorAsync();
        File.Delete(Directory.EnumerateFiles(ledger.AnchorFolder).Order(StringComparer.Ordinal).Last());

        (await Should.ThrowAsync<ProofBrokenException>(() => ledger.OpenAsync())).Message.ShouldContain("anchor over 8 events is gone");
    }

    [Fact]
    public async Task Is_the_only_one_that_may_write_when_an_area_tries()
    {
        await using var ledger = await SealedLedger.CreateAsync();
        await ledger.Db.DeclareAsync(new CategoryOwner("counting", "counter"));
        await ledger.AppendAsync(2);
        await ledger.AnchorAsync();
        await using var connection = await ledger.Db.DataSource.OpenConnectionAsync(Ct);
        await LedgerSchema.ExecuteAsync(connection, "set role eventml_counting", Ct);

        foreach (var sql in (string[])["update ledger.eml_leaf set hash = ''", "delete from ledger.eml_leaf", "delete from ledger.eml_root", "insert into ledger.eml_root select * from ledger.eml_root",
            "truncate ledger.eml_leaf", "select ledger.eml_note_leaves(1, 3, array['']::bytea[], array['']::bytea[], null, null, null)"])
        {
            (await Should.ThrowAsync<PostgresException>(() => LedgerSchema.ExecuteAsync(connection, sql, Ct))).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege, sql);
        }

        await using var forged = new NpgsqlCommand("insert into ledger.mt_streams(id, type, version) values ('ledger-anchor2', 'ledger', 0)", connection);
        (await Should.ThrowAsync<PostgresException>(() => forged.ExecuteNonQueryAsync(Ct))).MessageText.ShouldContain("may not append");
        await LedgerSchema.ExecuteAsync(connection, "reset role", Ct);
        foreach (var table in (string[])["eml_leaf", "eml_root"])
        {
            (await Should.ThrowAsync<PostgresException>(() => LedgerSchema.ExecuteAsync(connection, $"truncate ledger.{table}", Ct))).MessageText.ShouldContain("never truncated");
        }
    }

    private sealed class SlowAnchors(IAnchorStore anchors) : IAnchorStore
    {
        public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Continue { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task WriteAsync(long size, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
        {
            Reached.SetResult();
            await Continue.Task.WaitAsync(TimeSpan.FromSeconds(20), cancellationToken);
            await anchors.WriteAsync(size, content, cancellationToken);
        }

        public Task<IReadOnlyList<long>> ListAsync(CancellationToken cancellationToken) => anchors.ListAsync(cancellationToken);

        public Task<byte[]?> ReadAsync(long size, CancellationToken cancellationToken) => anchors.ReadAsync(size, cancellationToken);
    }
}
