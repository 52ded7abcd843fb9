using EventMl.EventStore;
using EventMl.EventStore.Proof;

namespace EventMl.Foundation.Tests.EventStore.Proof;

/// <summary>A superuser changes the record; alone, and with every side table written anew to fit.</summary>
public sealed class TamperingTests
{
    private const string At7 = "(select seq_id from ledger.eml_position where position = 7)";

    private static readonly Dictionary<string, (string Sql, FindingKind Alone, FindingKind Rewritten)> _changes = new(StringComparer.Ordinal)
    {
        ["data"] = ($"update ledger.mt_events set data = jsonb_set(data, '{{Amount}}', '999') where seq_id = {At7}", FindingKind.DataEdited, FindingKind.EventReplaced),
        ["headers"] = ($"update ledger.mt_events set headers = jsonb_set(headers, '{{actor}}', '\"eve\"') where seq_id = {At7}", FindingKind.HeadersEdited, FindingKind.EventReplaced),
        ["no headers"] = ($"update ledger.mt_events set headers = null where seq_id = {At7}", FindingKind.HeadersEdited, FindingKind.EventReplaced),
        ["type"] = ($"update ledger.mt_events set type = 'counter_noted' where seq_id = {At7}", FindingKind.MetadataEdited, FindingKind.EventReplaced),
        ["version"] = ($"update ledger.mt_events set version = version + 100 where seq_id = {At7}", FindingKind.MetadataEdited, FindingKind.EventReplaced),
        ["time"] = ($"update ledger.mt_events set timestamp = timestamp - interval '1 microsecond' where seq_id = {At7}", FindingKind.MetadataEdited, FindingKind.EventReplaced),
        ["no time"] = ($"update ledger.mt_events set timestamp = '-infinity' where seq_id = {At7}", FindingKind.MetadataEdited, FindingKind.EventReplaced),
        ["ledger time"] = ("update ledger.eml_position set at = at + interval '1 second' where position = 7", FindingKind.MetadataEdited, FindingKind.EventReplaced),
        ["id"] = ($"update ledger.mt_events set id = gen_random_uuid() where seq_id = {At7}", FindingKind.MetadataEdited, FindingKind.EventReplaced),
        ["stream"] = ($"update ledger.mt_events set stream_id = 'counter-other' where seq_id = {At7}", FindingKind.MetadataEdited, FindingKind.EventReplaced),
        ["causation"] = ($"update ledger.mt_events set causation_id = 'other' where seq_id = {At7}", FindingKind.MetadataEdited, FindingKind.EventReplaced),
        ["deleted"] = ($"delete from ledger.mt_events where seq_id = {At7}", FindingKind.EventDeleted, FindingKind.EventReplaced),
        ["deleted with its position"] = ($"delete from ledger.mt_events where seq_id = {At7}; delete from ledger.eml_position where position = 7", FindingKind.EventDeleted, FindingKind.EventReplaced),
        ["deleted and closed up"] = (
            $"delete from ledger.mt_events where seq_id = {At7}; delete from ledger.eml_position where position = 7; "
            + "update ledger.eml_position set position = -position where position > 7; update ledger.eml_position set position = -position - 1 where position < 0",
            FindingKind.EventDeleted, FindingKind.EventReplaced),
        ["swapped"] = (Swap(7, 8), FindingKind.EventReordered, FindingKind.EventReplaced),
        ["swapped far away"] = (Swap(7, 18), FindingKind.EventReordered, FindingKind.EventReplaced),
        ["truncated"] = (
            "delete from ledger.mt_events where seq_id in (select seq_id from ledger.eml_position where position >= 7)",
            FindingKind.TailTruncated, FindingKind.TailTruncated),
        ["truncated with its positions"] = (
            "delete from ledger.mt_events where seq_id in (select seq_id from ledger.eml_position where position >= 7); delete from ledger.eml_position where position >= 7; update ledger.eml_head set position = 6",
            FindingKind.TailTruncated, FindingKind.TailTruncated),
        ["leaf removed"] = ("delete from ledger.eml_leaf where position = 7", FindingKind.SideTablesForged, FindingKind.SideTablesForged),
        ["leaf edited"] = ("update ledger.eml_leaf set hash = sha256(hash) where position = 7", FindingKind.SideTablesForged, FindingKind.SideTablesForged),
        ["commitment edited"] = ("update ledger.eml_leaf set data_commitment = sha256(hash) where position = 7", FindingKind.EventReplaced, FindingKind.EventReplaced),
        ["salt removed"] = ("update ledger.eml_leaf set data_salt = null where position = 7", FindingKind.MaskUnrecorded, FindingKind.MaskUnrecorded),
    };

    public static TheoryData<string> Changes => [.. _changes.Keys];

    public static TheoryData<string> Rewritable => [.. _changes.Keys.Where(k => !k.StartsWith("leaf", StringComparison.Ordinal) && !k.StartsWith("salt", StringComparison.Ordinal) && !k.StartsWith("commitment", StringComparison.Ordinal))];

    [Fact]
    public async Task Is_intact_when_nobody_touched_it()
    {
        await using var ledger = await LedgerAsync();

        var report = await ledger.VerifyAsync();

        report.Findings.ShouldBeEmpty();
        report.Intact.ShouldBeTrue();
        report.FirstBadPosition.ShouldBeNull();
        report.Events.ShouldBe(22);
        report.AnchoredTo.ShouldBe(21);
        report.NotAnchored.ShouldBe(1);
        report.Anchors.ShouldBe(3);
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task Names_the_first_bad_position_and_what_is_wrong_when_the_record_was_changed(string change)
    {
        await using var ledger = await LedgerAsync();
        await ledger.AsSuperuserAsync(_changes[change].Sql);

        var report = await ledger.VerifyAsync();

        report.Intact.ShouldBeFalse();
        report.FirstBadPosition.ShouldBe(7, string.Join('\n', report.Findings));
        report.Findings[0].Kind.ShouldBe(_changes[change].Alone, string.Join('\n', report.Findings));
    }

    [Theory]
    [MemberData(nameof(Rewritable))]
    public async Task Names_the_first_bad_position_when_the_side_tables_were_written_anew_to_fit(string change)
    {
        await using var ledger = await LedgerAsync();
        await ledger.AsSuperuserAsync(_changes[change].Sql);
        await Forger.RewriteAsync(ledger);

        var report = await ledger.VerifyAsync();

        report.Intact.ShouldBeFalse();
        report.FirstBadPosition.ShouldBe(7, string.Join('\n', report.Findings));
        report.Findings.ShouldContain(f => f.Position == 7 && f.Kind == _changes[change].Rewritten, string.Join('\n', report.Findings));
    }

    [Theory]
    [InlineData("deleted with its position", FindingKind.EventDeleted)]
    [InlineData("truncated", FindingKind.TailTruncated)]
    [InlineData("data", FindingKind.EventReplaced)]
    public async Task Still_says_what_happened_when_the_forger_kept_the_salts(string change, FindingKind kind)
    {
        await using var ledger = await LedgerAsync();
        await ledger.AsSuperuserAsync(_changes[change].Sql);
        await Forger.RewriteAsync(ledger, keepSalts: true);

        var report = await ledger.VerifyAsync();

        report.FirstBadPosition.ShouldBe(7);
        report.Findings[0].Kind.ShouldBe(kind, string.Join('\n', report.Findings));
    }

    [Fact]
    public async Task Works_in_another_schema_when_one_is_configured()
    {
        await using var ledger = await SealedLedger.CreateAsync(change: o => o with { Schema = "other" });
        await ledger.AppendAsync(3);
        await ledger.AnchorAsync();
        (await ledger.VerifyAsync()).ShouldSatisfyAllConditions(r => r.Intact.ShouldBeTrue(), r => r.AnchoredTo.ShouldBe(3));

        await ledger.AsSuperuserAsync("update other.mt_events set type = 'x' where seq_id = (select seq_id from other.eml_position where position = 2)");

        (await ledger.VerifyAsync()).FirstBadPosition.ShouldBe(2);
    }

    private static string Swap(long a, long b) => $"""
        do $$ declare x bigint; y bigint; begin
          select seq_id into x from ledger.eml_position where position = {a};
          select seq_id into y from ledger.eml_position where position = {b};
          update ledger.eml_position set seq_id = -1 where position = {a};
          update ledger.eml_position set seq_id = x where position = {b};
          update ledger.eml_position set seq_id = y where position = {a};
        end $$
        """;

    // Positions 1-5 and 7-15 are counters, 6 and 16 the notary's own; 22 is not anchored.
    private static async Task<SealedLedger> LedgerAsync()
    {
        var ledger = await SealedLedger.CreateAsync();
        await ledger.AppendAsync(5);
        await ledger.AnchorAsync();
        await ledger.AppendAsync(9);
        await ledger.AnchorAsync();
        await ledger.AppendAsync(5);
        await ledger.AnchorAsync();
        return ledger;
    }
}
