using EventMl.Contracts;
using EventMl.Contracts.Audit;
using EventMl.EventStore;
using EventMl.EventStore.Proof;

namespace EventMl.Foundation.Tests.EventStore.Proof;

public sealed class MaskingTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Verifies_as_masked_and_not_as_bad_when_a_value_was_masked()
    {
        await using var ledger = await LedgerAsync();

        var masked = (await MaskAsync(ledger, 2, "Text")).Masked.ShouldNotBeNull();

        masked.ShouldSatisfyAllConditions(m => m.Position.ShouldBe(2), m => m.Members.ShouldBe(["Text"]), m => m.Actor.ShouldBe("ann"), m => m.Reason.ShouldBe("asked to"));
        (await ledger.Db.ScalarAsync<long>("select count(*) from ledger.mt_events where data::text like '%Jane%'")).ShouldBe(0);
        (await ledger.Db.Ledger.ReadStreamAsync("counter-1", 1, Ct))[1].Data.ShouldBe(new CounterNoted("[masked]"));
        // Not positioned yet, not sealed yet, sealed, anchored: never bad.
        for (var step = 0; step < 4; step++)
        {
            var report = await ledger.VerifyAsync();
            report.Findings.ShouldBeEmpty();
            report.Masked.ShouldBe([2L]);
            await (step == 0 ? ledger.Db.SequenceAsync() : step == 1 ? ledger.SealAsync() : ledger.AnchorAsync());
        }

        var told = (await ledger.Db.Ledger.ReadStreamAsync("ledger-masking", 1, Ct)).ShouldHaveSingleItem();
        told.Data.ShouldBeOfType<EventMasked>();
        told.Json.ShouldNotContain("Jane");
    }

    [Fact]
    public async Task Cannot_be_undone_by_trying_when_the_salt_is_gone()
    {
        await using var ledger = await LedgerAsync();
        await MaskAsync(ledger, 2, "Text");

        (await ledger.Db.ScalarAsync<bool>("select data_salt is null and data_commitment is not null from ledger.eml_leaf where position = 2")).ShouldBeTrue();
    }

    [Theory]
    [InlineData("update ledger.mt_events set data = jsonb_set(data, '{Text}', '\"forged\"') where seq_id = (select seq_id from ledger.eml_position where position = 2)")]
    [InlineData("update ledger.eml_leaf set mask_salt = null where position = 2")]
    public async Task Is_bad_when_the_masked_form_was_changed_further(string change)
    {
        await using var ledger = await LedgerAsync();
        await MaskAsync(ledger, 2, "Text");
        await ledger.Db.SequenceAsync();
        await ledger.AnchorAsync();
        await ledger.AsSuperuserAsync(change);

        var finding = (await ledger.VerifyAsync()).Findings.ShouldHaveSingleItem();

        finding.ShouldSatisfyAllConditions(f => f.Position.ShouldBe(2), f => f.Kind.ShouldBe(FindingKind.MaskUnrecorded));
    }

    [Fact]
    public async Task Verifies_when_further_members_are_masked_later()
    {
        await using var ledger = await LedgerAsync();
        await MaskAsync(ledger, 1, "Amount");
        await MaskAsync(ledger, 3, "Extra.name");
        await MaskAsync(ledger, 3, "Extra.age");
        await ledger.Db.SequenceAsync();
        await ledger.AnchorAsync();

        (await ledger.VerifyAsync()).ShouldSatisfyAllConditions(r => r.Findings.ShouldBeEmpty(), r => r.Masked.ShouldBe([1L, 3L]));
        (await ledger.Db.Ledger.ReadStreamAsync("counter-1", 3, Ct))[0].Json.ShouldContain("\"Extra\": {\"age\": 0, \"name\": \"[masked]\"}");
    }

    [Theory]
    [InlineData(2, "Nothing", ErrorCodes.InvalidRequest, "no member 'Nothing'")]
    [InlineData(1, "At", ErrorCodes.InvalidRequest, "nobody could read")]
    [InlineData(99, "Text", ErrorCodes.NotFound, "no event at position 99")]
    [InlineData(5, "Amount", ErrorCodes.Unavailable, "not sealed yet")]
    [InlineData(4, "Root", ErrorCodes.InvalidRequest, "says about itself")]
    public async Task Changes_nothing_when_it_cannot_be_done(long position, string member, string code, string problem)
    {
        await using var ledger = await LedgerAsync();
        await ledger.SealAsync();
        await ledger.AppendAsync(1);

        var refusal = (await MaskAsync(ledger, position, member)).Refusal.ShouldNotBeNull();

        refusal.Code.ShouldBe(code);
        refusal.Message.ShouldContain(problem);
        (await ledger.VerifyAsync()).ShouldSatisfyAllConditions(r => r.Intact.ShouldBeTrue(), r => r.MaskedCount.ShouldBe(0));
    }

    private static Task<MaskingResult> MaskAsync(SealedLedger ledger, long position, string member) =>
        LedgerMasking.MaskAsync(ledger.Db.Ledger, position, [member], "asked to", TestLedger.Metadata, Ct);

    private static async Task<SealedLedger> LedgerAsync()
    {
        var ledger = await SealedLedger.CreateAsync();
        var extra = System.Text.Json.JsonElement.Parse("""{"name": "Joe", "age": 41}""");
        await ledger.Db.AppendAsync("counter-1", 0, new CounterRaised(41, SealedLedger.At), new CounterNoted("Jane"), new CounterNoted("x", extra));
        await ledger.Db.SequenceAsync();
        await ledger.AnchorAsync();
        return ledger;
    }
}
